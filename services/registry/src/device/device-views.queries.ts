import type { DeviceHistoryEvent, DeviceStatus, DeviceView, Page } from '@gatehouse/contracts';

export interface DeviceListRequest {
  readonly status?: DeviceStatus | undefined;
  readonly prefix?: string | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

/** A device that the registry holds for online, as the session reaper needs it. */
export interface OpenSession {
  readonly gatewayId: string;
  readonly productKey: string;
  readonly deviceName: string;
  readonly session: number;
  readonly edgeId: string;
  readonly clientId: string;
  readonly remoteAddress: string;
  readonly protocolVersion: 3 | 4 | 5;
}

export class DeviceQueries {
  /** @throws {ProductNotFound} */
  async list(productKey: string, request: DeviceListRequest): Promise<Page<DeviceView>> {
    throw new Error(`${productKey} ${request.limit}`);
  }

  /** @throws {DeviceNotFound} */
  async get(productKey: string, deviceName: string): Promise<DeviceView> {
    throw new Error(`${productKey} ${deviceName}`);
  }

  /** Newest first; `next` goes into `before`. Answers for a deleted device too. */
  async history(
    productKey: string,
    deviceName: string,
    page: { readonly limit: number; readonly before?: string | undefined },
  ): Promise<Page<DeviceHistoryEvent>> {
    throw new Error(`${productKey} ${deviceName} ${page.limit}`);
  }

  /** Edges that hold at least one device for online. */
  async edgesWithOpenSessions(): Promise<string[]> {
    throw new Error('');
  }

  async openSessionsAt(edgeId: string, limit: number): Promise<OpenSession[]> {
    throw new Error(`${edgeId} ${limit}`);
  }
}

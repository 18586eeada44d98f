import type { GatewayStatus, GatewayView, Page } from '@gatehouse/contracts';

export interface PageRequest {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** Views say `starting`; what edges report is merged by {@link withStatus}. */
export class GatewayQueries {
  async list(page: PageRequest): Promise<Page<GatewayView>> {
    throw new Error(`${page.limit}`);
  }

  /** @throws {GatewayNotFound} */
  async get(gatewayId: string): Promise<GatewayView> {
    throw new Error(gatewayId);
  }
}

export function withStatus(
  view: GatewayView,
  status: GatewayStatus,
  reason: string | null = null,
): GatewayView {
  return { ...view, status, statusReason: reason };
}

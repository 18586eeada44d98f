import type { GatewayListener } from '@gatehouse/contracts';

/** What edges must know to listen, private keys unsealed. */
export class ListenerQueries {
  async list(after?: string): Promise<{ gateways: GatewayListener[]; next: string | null }> {
    throw new Error(after);
  }

  async get(gatewayId: string): Promise<GatewayListener | null> {
    throw new Error(gatewayId);
  }
}

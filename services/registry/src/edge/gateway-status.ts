import type { EdgeEntry, GatewayStatus } from '@gatehouse/contracts';

export interface MergedStatus {
  readonly status: GatewayStatus;
  readonly reason: string | null;
}

/**
 * What the edges together say of a gateway: `failed` as soon as one of them cannot listen with the current
 * version, `listening` once all of them do, else `starting`.
 *
 * @param version of the gateway's stream
 */
export function gatewayStatusOf(
  gatewayId: string,
  version: number,
  edges: ReadonlyMap<string, EdgeEntry>,
): MergedStatus {
  let isEverywhere = edges.size > 0;
  for (const [edgeId, { listeners }] of edges) {
    const listener = listeners.find((each) => each.gatewayId === gatewayId);
    if (listener === undefined || listener.version < version) {
      isEverywhere = false;
    } else if (listener.status === 'failed') {
      return { status: 'failed', reason: `edge ${edgeId}: ${listener.reason ?? 'it gave no reason'}` };
    }
  }
  return { status: isEverywhere ? 'listening' : 'starting', reason: null };
}

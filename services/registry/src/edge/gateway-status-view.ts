import type { GatewayView } from '@gatehouse/contracts';
import { streamVersions } from '@gatehouse/event-store';
import { withStatus } from '../gateway/gateway-views.queries.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { gatewayStream } from '../stream-names.ts';
import { gatewayStatusOf } from './gateway-status.ts';
import type { LiveEdges } from './live-edges.ts';

/** Adds to gateways what the edges say of them. */
export class GatewayStatusView {
  constructor(
    private readonly db: RegistryDb,
    private readonly liveEdges: LiveEdges,
  ) {}

  /** What a write has just made of a gateway: only its own transaction knows the version. */
  asWritten(view: GatewayView): GatewayView {
    const { status, reason } = gatewayStatusOf(view.gatewayId, view.version, this.liveEdges.alive());
    return withStatus(view, status, reason);
  }

  async merged(view: GatewayView): Promise<GatewayView> {
    const [merged = view] = await this.allMerged([view]);
    return merged;
  }

  async allMerged(views: readonly GatewayView[]): Promise<GatewayView[]> {
    const edges = this.liveEdges.alive();
    if (edges.size === 0 || views.length === 0) return [...views];
    const streamIds = views.map(({ gatewayId }) => gatewayStream(gatewayId));
    const versions = await streamVersions(this.db, streamIds);
    return views.map((view) => {
      const version = versions.get(gatewayStream(view.gatewayId)) ?? 0;
      const { status, reason } = gatewayStatusOf(view.gatewayId, version, edges);
      return withStatus(view, status, reason);
    });
  }
}

import type { Logger } from '@gatehouse/observability';
import { BoundedTable } from '../admission/bounded-table.ts';
import { RecentCounts } from '../admission/recent-counts.ts';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { SessionIdentity } from './session.ts';

const WINDOW_MS = 60_000;
/** How often a device may lose its session, or come back too soon, in a minute before somebody should look. */
const MAX_SIGNS = 10;

/** Ends that are not the device's doing. */
const OURS: ReadonlySet<string> = new Set([
  'client-disconnected',
  'EDGE_STOPPING',
  'EDGE_SESSION_ENDED',
  'EDGE_ADMISSION_CHANGED',
  'EDGE_ADMISSION_EXPIRED',
  'EDGE_CERTIFICATE_REVOKED',
  'EDGE_CERTIFICATE_STATUS_UNKNOWN',
]);

type FlappingDevice = Pick<SessionIdentity, 'gatewayId' | 'deviceName'>;

/**
 * Finds devices whose sessions end again and again without DISCONNECT: two that share credentials and take
 * over from each other, or one that crashes or has a bad network. Each is logged once until it is calm. Who
 * connects more often than its gateway allows has few sessions to lose, so its refusals count too.
 */
export class FlappingDevices {
  readonly #signs: RecentCounts;
  /** When each was last over the limit. */
  readonly #flapping: BoundedTable<number>;
  #now = 0;

  /** @param maxDevices remembered at one time */
  constructor(
    maxDevices: number,
    private readonly parts: { readonly metrics: EdgeMetrics; readonly logger: Logger },
  ) {
    this.#signs = new RecentCounts(WINDOW_MS, maxDevices);
    this.#flapping = new BoundedTable(maxDevices, (at) => this.#now - at > WINDOW_MS);
  }

  /** @param reason why a session ended: the code of a failure, or that of a quiet end */
  ended(device: FlappingDevice, reason: string, nowMs = performance.now()): void {
    if (!OURS.has(reason)) this.#count(device, reason, nowMs);
  }

  /** It was admitted, and refused for it had connected too often. */
  cameTooOften(device: FlappingDevice, reason: string, nowMs = performance.now()): void {
    this.#count(device, reason, nowMs);
  }

  #count({ gatewayId, deviceName }: FlappingDevice, reason: string, nowMs: number): void {
    const key = `${gatewayId} ${deviceName}`;
    if (this.#signs.add(key, nowMs) <= MAX_SIGNS) return;
    this.#now = nowMs;
    const isKnown = this.#flapping.get(key) !== undefined;
    this.#flapping.set(key, nowMs);
    if (isKnown) return;
    this.parts.metrics.flappingDevices.add();
    this.parts.logger.warn(
      { gatewayId, deviceName, reason },
      `a device lost its session, or came back too soon, more than ${MAX_SIGNS} times in a minute; do two share its credentials?`,
    );
  }
}

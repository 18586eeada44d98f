import { presenceReportSubject, type PresenceReport } from '@gatehouse/contracts';
import { headerLine, type StreamPublisher } from '@gatehouse/nats';
import { OutageLog, traceparentOf, type Logger } from '@gatehouse/observability';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { NatsLink } from '../routing/nats-link.ts';
import type { Session } from './session.ts';

export interface PresenceParts {
  readonly publisher: StreamPublisher;
  readonly link: NatsLink;
  readonly metrics: EdgeMetrics;
  readonly logger: Logger;
}

const MAX_BATCH_REPORTS = 500;
const MAX_BATCH_BYTES = 256 * 1_024;
const RETRY_MS = 250;

interface Batch {
  readonly id: string;
  /** Each as JSON. */
  readonly reports: readonly string[];
  readonly payload: Uint8Array;
}

export interface PresenceLimits {
  /** Reports that are not stored yet; further ones are dropped. */
  readonly maxQueued: number;
  /**
   * Least time from one batch to the next: a lone report goes out at once, and a storm in few batches, each
   * of which is one transaction in the registry.
   */
  readonly lingerMs: number;
}

/**
 * Reports who connected and who left to the stream PRESENCE, in order and until each report is stored. One
 * batch is on its way at a time; what happens meanwhile makes up the next. A report that is too large for the
 * stream is dropped: it would hold up all others for ever.
 */
export class Presence {
  readonly #subject: string;
  /** Each as JSON. */
  readonly #waiting: string[] = [];
  readonly #outage: OutageLog;
  #inFlight: Batch | undefined;
  #scheduled: NodeJS.Timeout | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;
  #next = 0;
  #retry: NodeJS.Timeout | undefined;
  readonly #onSettled: (() => void)[] = [];

  /** @param runId unique for ever: names this run of this edge */
  constructor(
    private readonly edgeId: string,
    private readonly runId: string,
    private readonly limits: PresenceLimits,
    private readonly parts: PresenceParts,
  ) {
    this.#subject = presenceReportSubject(edgeId);
    this.#outage = new OutageLog(parts.logger, {
      failing: 'presence is not stored; it is sent again',
      mended: 'presence is stored again',
    });
    parts.link.onUp(() => (this.#inFlight === undefined ? this.#send() : this.#publish()));
  }

  get queued(): number {
    return this.#waiting.length + (this.#inFlight?.reports.length ?? 0);
  }

  connected(session: Session): void {
    this.#report(session, 'connected', session.identity.connectedAt);
  }

  disconnected(session: Session, reason: string): void {
    this.#report(session, 'disconnected', new Date(), reason);
  }

  /** Resolves when everything is stored, or with what is left when `deadline` aborts. */
  async flush(deadline: AbortSignal): Promise<void> {
    this.#send();
    await new Promise<void>((resolve) => {
      if (this.queued === 0 || deadline.aborted) {
        resolve();
        return;
      }
      this.#onSettled.push(resolve);
      deadline.addEventListener('abort', () => resolve(), { once: true });
    });
    if (this.queued > 0) this.parts.metrics.drops.add('presence-stopped', this.queued);
  }

  close(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#scheduled);
  }

  #report(session: Session, type: PresenceReport['type'], at: Date, reason?: string): void {
    if (this.queued >= this.limits.maxQueued) {
      this.parts.metrics.drops.add('presence-queue-full');
      return;
    }
    const { gatewayId, productKey, deviceName, number, credentialVersion } = session.identity;
    const report: PresenceReport = {
      type,
      gatewayId,
      productKey,
      deviceName,
      session: number,
      edgeId: this.edgeId,
      at: at.toISOString(),
      clientId: session.terms.clientId,
      remoteAddress: session.connection.remoteAddress,
      protocolVersion: session.terms.protocolVersion,
      ...(type === 'connected' && credentialVersion !== undefined && { credentialVersion }),
      ...(reason === undefined ? {} : { reason }),
      traceparent: traceparentOf(session.ways.trace),
    };
    this.#waiting.push(JSON.stringify(report));
    if (this.#inFlight === undefined) this.#schedule();
  }

  #schedule(): void {
    const isFull = this.#waiting.length >= MAX_BATCH_REPORTS;
    if (this.#scheduled !== undefined && !isFull) return;
    clearTimeout(this.#scheduled);
    const waitMs = isFull ? 0 : Math.max(0, this.#sentAt + this.limits.lingerMs - performance.now());
    this.#scheduled = setTimeout(() => this.#send(), waitMs);
  }

  #send(): void {
    clearTimeout(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#inFlight !== undefined || this.#waiting.length === 0 || !this.parts.link.isUp) return;
    this.#publishBatch(this.#waiting.splice(0, this.#batchLength()));
  }

  /** How many of those that wait fit into one batch; one at least. */
  #batchLength(): number {
    let bytes = 0;
    const most = Math.min(this.#waiting.length, MAX_BATCH_REPORTS);
    for (let length = 0; length < most; length += 1) {
      bytes += Buffer.byteLength(this.#waiting[length] ?? '') + 1;
      if (bytes >= MAX_BATCH_BYTES) return Math.max(1, length);
    }
    return most;
  }

  #publishBatch(reports: readonly string[]): void {
    this.#sentAt = performance.now();
    this.#inFlight = {
      id: `${this.runId}-presence-${this.#next}`,
      reports,
      payload: Buffer.from(`[${reports.join(',')}]`),
    };
    this.#next += 1;
    this.#publish();
  }

  #publish(): void {
    const batch = this.#inFlight;
    if (batch === undefined) return;
    clearTimeout(this.#retry);
    this.parts.publisher.publish(
      this.#subject,
      batch.payload,
      headerLine('Nats-Msg-Id', batch.id),
      (refusal) => {
        if (this.#inFlight !== batch) return;
        if (refusal === undefined) this.#stored();
        else if (refusal.isTooLarge) this.#divide(batch, refusal.reason);
        else this.#publishLater(refusal.reason);
      },
    );
  }

  #divide({ reports }: Batch, reason: string): void {
    if (reports.length > 1) {
      const half = Math.ceil(reports.length / 2);
      this.#waiting.unshift(...reports.slice(half));
      this.#publishBatch(reports.slice(0, half));
      return;
    }
    this.parts.metrics.drops.add('presence-too-large');
    this.parts.logger.error({ reason }, 'a presence report is too large to be stored; it is dropped');
    this.#stored();
  }

  #publishLater(reason: string): void {
    this.#outage.failed(reason, { queued: this.queued });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (this.parts.link.isUp) this.#publish();
    }, RETRY_MS);
  }

  #stored(): void {
    this.#outage.succeeded();
    clearTimeout(this.#retry);
    this.#inFlight = undefined;
    // Not at once: what nats.js itself refuses is refused while it is published, and would be nested here.
    if (this.#waiting.length > 0) this.#schedule();
    if (this.queued === 0) for (const settled of this.#onSettled.splice(0)) settled();
  }
}

import { presenceReportSubject, type PresenceReport } from '@gatehouse/contracts';
import { headerLine, type StreamPublisher } from '@gatehouse/nats';
import { traceparentOf, type Logger } from '@gatehouse/observability';
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
const RETRY_MS = 250;

/**
 * Reports who connected and who left to the stream PRESENCE, in order and until each report is stored. One
 * batch is on its way at a time; what happens meanwhile makes up the next.
 */
export class Presence {
  readonly #subject: string;
  #waiting: PresenceReport[] = [];
  #inFlight: { readonly id: string; readonly payload: Uint8Array; readonly count: number } | undefined;
  #isScheduled = false;
  #next = 0;
  #retry: NodeJS.Timeout | undefined;
  readonly #onSettled: (() => void)[] = [];

  /** @param runId unique for ever: names this run of this edge */
  constructor(
    private readonly edgeId: string,
    private readonly runId: string,
    private readonly maxQueued: number,
    private readonly parts: PresenceParts,
  ) {
    this.#subject = presenceReportSubject(edgeId);
    parts.link.onUp(() => (this.#inFlight === undefined ? this.#send() : this.#publish()));
  }

  get queued(): number {
    return this.#waiting.length + (this.#inFlight?.count ?? 0);
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
  }

  #report(session: Session, type: PresenceReport['type'], at: Date, reason?: string): void {
    if (this.queued >= this.maxQueued) {
      this.parts.metrics.drops.add('presence-queue-full');
      return;
    }
    const { gatewayId, productKey, deviceName, number } = session.identity;
    this.#waiting.push({
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
      ...(reason === undefined ? {} : { reason }),
      traceparent: traceparentOf(session.ways.trace),
    });
    if (this.#isScheduled || this.#inFlight !== undefined) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#inFlight !== undefined || this.#waiting.length === 0 || !this.parts.link.isUp) return;
    const reports = this.#waiting.splice(0, MAX_BATCH_REPORTS);
    this.#inFlight = {
      id: `${this.runId}-presence-${this.#next}`,
      payload: Buffer.from(JSON.stringify(reports)),
      count: reports.length,
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
        else this.#publishLater(refusal.reason);
      },
    );
  }

  #publishLater(reason: string): void {
    this.parts.logger.warn({ reason, queued: this.queued }, 'presence is not stored; it is sent again');
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (this.parts.link.isUp) this.#publish();
    }, RETRY_MS);
  }

  #stored(): void {
    clearTimeout(this.#retry);
    this.#inFlight = undefined;
    this.#send();
    if (this.queued === 0) for (const settled of this.#onSettled.splice(0)) settled();
  }
}

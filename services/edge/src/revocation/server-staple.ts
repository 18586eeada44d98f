import { setTimeout as delay } from 'node:timers/promises';
import { certificateStaple, type CertificateStaple, type RequestOf } from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import type { Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';

export interface ServerStapleParts {
  readonly nats: NatsConnection;
  readonly logger: Logger;
}

export type StapleRequest = RequestOf<typeof certificateStaple>;
type Staple = Extract<CertificateStaple, { outcome: 'staple' }>;

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 30_000;
/** However soon or late ocsp wants to be asked again. */
const SOONEST_MS = 500;
const LATEST_MS = 3_600_000;

/** The OCSP response that is stapled to one chain: asked for when it is made, renewed until it is stopped. */
export class ServerStaple {
  /** Resolves when ocsp has answered for the first time, with a response or without, or could not be asked. */
  readonly answered: Promise<void>;
  #response: Buffer | undefined;
  #staple: Staple | undefined;
  /** Why there was none the last time; undefined when there was one, or nobody was asked yet. */
  #problem: string | undefined;
  readonly #stopping = new AbortController();

  /** @param request what ocsp is asked; `isRequired` of it: the certificate promises a staple (RFC 7633) */
  constructor(
    private readonly request: StapleRequest,
    private readonly isRequired: boolean,
    private readonly parts: ServerStapleParts,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.answered = promise;
    void this.#follow(resolve);
  }

  /** What may be served at this moment, DER; undefined without one that holds. */
  current(nowMs: number): Buffer | undefined {
    return this.validity(nowMs) === undefined ? undefined : this.#response;
  }

  /** When the responder made it, in milliseconds since 1970; undefined without one that holds. */
  validity(nowMs: number): { readonly producedAtMs: number } | undefined {
    if (this.#staple === undefined || nowMs >= Date.parse(this.#staple.validUntil)) return undefined;
    return { producedAtMs: Date.parse(this.#staple.producedAt) };
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #follow(onAnswer: () => void): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!this.#stopping.signal.aborted) {
      let waitMs = retryMs;
      try {
        const answer = await callService(this.parts.nats, certificateStaple, this.request);
        this.#take(answer);
        retryMs = FIRST_RETRY_MS;
        waitMs = Math.min(LATEST_MS, Math.max(SOONEST_MS, Date.parse(answer.askAgainAt) - Date.now()));
      } catch (error) {
        this.#miss(error instanceof Error ? error.message : String(error));
        retryMs = Math.min(LAST_RETRY_MS, retryMs * 2);
      }
      onAnswer();
      await delay(waitMs, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
    }
  }

  #take(answer: CertificateStaple): void {
    if (answer.outcome === 'none') {
      this.#miss(answer.reason);
      return;
    }
    this.#staple = answer;
    this.#response = Buffer.from(answer.response, 'base64');
    const { gatewayId } = this.request;
    const { status, validUntil } = answer;
    if (status !== 'good') {
      this.parts.logger.warn(
        { gatewayId, status },
        "the responder does not vouch for the server's certificate",
      );
    }
    if (this.#problem !== undefined) {
      this.#problem = undefined;
      this.parts.logger.info({ gatewayId, validUntil }, 'there is an OCSP response to staple again');
    }
  }

  /** What there is goes on until its own end. */
  #miss(reason: string): void {
    if (this.#stopping.signal.aborted || this.#problem === reason) return;
    this.#problem = reason;
    const { gatewayId } = this.request;
    const validUntil = this.#staple?.validUntil ?? null;
    if (this.isRequired) {
      this.parts.logger.error(
        { gatewayId, reason, validUntil },
        'no OCSP response to staple, and the certificate promises one (RFC 7633): devices that mind will not connect',
      );
    } else {
      this.parts.logger.warn({ gatewayId, reason, validUntil }, 'no new OCSP response to staple');
    }
  }
}

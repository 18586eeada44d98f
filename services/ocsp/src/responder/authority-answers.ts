import { answerOcspRequest, getCertificateRevocationList, type ReplyOf } from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import { OutageLog, type Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';

/** Why there is no answer; the caller tells the client in its own words. */
export type NoAnswer = 'busy' | 'registry-unavailable';

export interface AuthorityAnswerLimits {
  /** Requests to the registry under way at once; more are turned away. */
  readonly callsAtOnce: number;
}

/** Asks the registry, which has the keys of our own authorities. */
export class AuthorityAnswers {
  #underWay = 0;
  readonly #outage: OutageLog;

  constructor(
    private readonly nats: NatsConnection,
    private readonly limits: AuthorityAnswerLimits,
    logger: Logger,
  ) {
    this.#outage = new OutageLog(logger, {
      failing: 'the registry answers nothing about authorities',
      mended: 'the registry answers about authorities again',
    });
  }

  /** @param der of an OCSPRequest */
  ocsp(authorityId: string, der: Uint8Array): Promise<ReplyOf<typeof answerOcspRequest> | NoAnswer> {
    const request = Buffer.from(der).toString('base64');
    return this.#bounded(() => callService(this.nats, answerOcspRequest, { authorityId, request }));
  }

  revocationList(authorityId: string): Promise<ReplyOf<typeof getCertificateRevocationList> | NoAnswer> {
    return this.#bounded(() => callService(this.nats, getCertificateRevocationList, { authorityId }));
  }

  async #bounded<Reply>(ask: () => Promise<Reply>): Promise<Reply | NoAnswer> {
    if (this.#underWay >= this.limits.callsAtOnce) return 'busy';
    this.#underWay += 1;
    try {
      const reply = await ask();
      this.#outage.succeeded();
      return reply;
    } catch (error) {
      this.#outage.failed(error);
      return 'registry-unavailable';
    } finally {
      this.#underWay -= 1;
    }
  }
}

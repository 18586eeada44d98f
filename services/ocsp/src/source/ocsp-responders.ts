import { Failure } from '@gatehouse/failure';
import type { OutboundClient, OutboundResponse } from '@gatehouse/outbound';
import { buildOcspRequest, newOcspNonce } from '@gatehouse/pki';
import type { OcspConfig } from '../ocsp.config.ts';
import type { CallOutcome, OcspMetrics } from '../observability/ocsp-metrics.ts';
import type { CheckedCertificate } from '../status/checked-certificate.ts';
import type { AnswerVerifier, VerifiedAnswer } from '../verification/answer-verifier.ts';
import type { Deadline } from './deadline.ts';
import type { GuardedHosts } from './guarded-hosts.ts';
import type { RevocationAnswer } from './revocation-answer.ts';
import {
  SourceAnswerUnusable,
  SourceHostBusy,
  SourceHostFailed,
  SourceHostResting,
  SourceTimeOver,
} from './source.failures.ts';

/** An answer that holds: signed by the issuer or for it, about this certificate, of now. */
export interface TrustedAnswer extends VerifiedAnswer {
  /** DER of the OCSPResponse as it came. */
  readonly response: Uint8Array;
}

export interface OcspRespondersParts {
  readonly config: OcspConfig;
  readonly metrics: OcspMetrics;
}

type Subject = Pick<CheckedCertificate, 'certificate' | 'issuer'>;
type AskedSubject = Subject & Pick<CheckedCertificate, 'gatewayId'>;

const MAX_REDIRECTS = 2;
const MEDIA_TYPE = /^application\/ocsp-response\s*(;|$)/i;

/** Asks OCSP responders over HTTP (RFC 6960 §A.1), each behind its breaker, and believes nothing unverified. */
export class OcspResponders {
  constructor(
    private readonly outbound: OutboundClient,
    private readonly hosts: GuardedHosts,
    private readonly verifier: AnswerVerifier,
    private readonly parts: OcspRespondersParts,
  ) {}

  /**
   * For a verdict: fresh, with a nonce unless the settings say otherwise.
   *
   * @throws {Failure} with the reason why there is none, also when the responder does not know the certificate
   */
  async find(url: string, subject: AskedSubject, deadline: Deadline): Promise<RevocationAnswer> {
    const nonce = this.parts.config.OCSP_NONCE === 'off' ? undefined : newOcspNonce();
    const answer = await this.ask(url, subject, { deadline, nonce });
    const { status, thisUpdate, nextUpdate, revokedAt, reason } = answer;
    switch (status) {
      case 'good':
        return { status, thisUpdate, nextUpdate };
      case 'revoked':
        return { status, thisUpdate, nextUpdate, revokedAt: revokedAt ?? thisUpdate, reason };
      case 'unknown':
        throw new SourceAnswerUnusable(new URL(url).host, 'it does not know the certificate');
    }
  }

  /**
   * For a staple: whatever it says, and without a nonce, since it is for many clients.
   *
   * @throws {Failure} with the reason why there is none
   */
  async ask(
    url: string,
    subject: AskedSubject,
    { deadline, nonce }: { deadline: Deadline; nonce?: Uint8Array | undefined },
  ): Promise<TrustedAnswer> {
    const host = this.hosts.of(new URL(url));
    const { certificate, issuer, gatewayId } = subject;
    const body = buildOcspRequest({ certificate, issuer, ...(nonce === undefined ? {} : { nonce }) });
    try {
      const answer = await host.run(deadline, async (remainingMs) => {
        const startedAt = performance.now();
        try {
          const response = await this.outbound.request({
            method: 'POST',
            url,
            headers: { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' },
            body,
            timeoutMs: Math.min(remainingMs, this.parts.config.OCSP_RESPONDER_TIMEOUT_MS),
            maxResponseBytes: this.parts.config.OCSP_RESPONSE_MAX_BYTES,
            maxRedirects: MAX_REDIRECTS,
            isRepeatable: true,
            allowHttp: true,
            asker: gatewayId,
          });
          return await this.#trusted(response, host.host, { ...subject, nonce, deadline });
        } finally {
          this.parts.metrics.callSeconds.record((performance.now() - startedAt) / 1_000);
        }
      });
      this.parts.metrics.responderCalls.add(answer.status);
      return answer;
    } catch (error) {
      this.parts.metrics.responderCalls.add(outcomeOf(error));
      throw error;
    }
  }

  /**
   * What is kept of an answer is checked again before it is used.
   *
   * @throws {SourceAnswerUnusable | SourceHostFailed}
   */
  async verify(
    response: Uint8Array,
    host: string,
    { certificate, issuer, nonce }: Subject & { readonly nonce?: Uint8Array | undefined },
  ): Promise<TrustedAnswer> {
    const verdict = await this.verifier.verify({
      response,
      certificate: certificate.raw,
      issuer: issuer.raw,
      nonce,
      isNonceRequired: nonce !== undefined && this.parts.config.OCSP_NONCE === 'required',
      clockSkewMs: this.parts.config.OCSP_CLOCK_SKEW_SECONDS * 1_000,
      maxAgeMs: this.parts.config.OCSP_ANSWER_MAX_AGE_SECONDS * 1_000,
    });
    switch (verdict.outcome) {
      case 'trusted':
        return { ...verdict.answer, response };
      case 'unusable':
        throw new SourceAnswerUnusable(host, verdict.reason);
      case 'in-trouble':
        throw new SourceHostFailed(host, `answered ${verdict.status}`);
    }
  }

  async #trusted(
    { status, headers, body }: OutboundResponse,
    host: string,
    subject: Subject & { readonly nonce: Uint8Array | undefined; readonly deadline: Deadline },
  ): Promise<TrustedAnswer> {
    if (status >= 500 || status === 429) throw new SourceHostFailed(host, `answered HTTP ${status}`);
    if (status !== 200) throw new SourceAnswerUnusable(host, `HTTP ${status} is no answer of a responder`);
    const mediaType = headers['content-type'] ?? 'nothing';
    if (!MEDIA_TYPE.test(mediaType)) {
      throw new SourceAnswerUnusable(
        host,
        `it says to be ${mediaType.slice(0, 80)}, not application/ocsp-response`,
      );
    }
    const answer = await subject.deadline.within(this.verify(body, host, subject));
    if (answer === undefined) throw new SourceTimeOver(host);
    return answer;
  }
}

function outcomeOf(error: unknown): CallOutcome {
  if (error instanceof SourceHostResting) return 'breaker-open';
  if (error instanceof SourceHostBusy) return 'queue-full';
  if (error instanceof SourceTimeOver) return 'waited-too-long';
  if (error instanceof SourceAnswerUnusable) return 'unusable';
  if (!(error instanceof Failure)) return 'unusable';
  if (error.kind === 'timeout') return 'timeout';
  return error.kind === 'forbidden' || error.kind === 'invalid' ? 'forbidden' : 'unavailable';
}

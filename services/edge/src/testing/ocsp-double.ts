import { X509Certificate } from 'node:crypto';
import {
  certificateStaple,
  certificateStatus,
  type CertificateStaple,
  type CertificateStatus,
  type RequestContract,
  type RequestOf,
} from '@gatehouse/contracts';
import { ocspCertificateId, signOcspResponse, type TestAuthority } from '@gatehouse/pki';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';

type StapleRequest = RequestOf<typeof certificateStaple>;
type StatusRequest = RequestOf<typeof certificateStatus>;

export const inSeconds = (seconds: number): Date => new Date(Date.now() + seconds * 1_000);

/** The service ocsp as an edge sees it: real subjects, real payloads, responses that an authority has signed. */
export class OcspDouble {
  readonly stapleRequests: StapleRequest[] = [];
  readonly statusRequests: StatusRequest[] = [];
  /** By default there is none. */
  staple: (request: StapleRequest) => CertificateStaple | Promise<CertificateStaple> = () => ({
    outcome: 'none',
    reason: 'the test has none',
    endedAt: null,
    askAgainAt: inSeconds(60).toISOString(),
  });
  /** By default all are good for a minute. */
  status: (request: StatusRequest) => CertificateStatus | Promise<CertificateStatus> = () => good(60);
  #subscriptions: Subscription[] = [];

  constructor(private readonly nats: NatsConnection) {
    this.start();
  }

  start(): void {
    if (this.#subscriptions.length > 0) return;
    this.#subscriptions = [
      this.#answer(certificateStaple, (request) => {
        this.stapleRequests.push(request);
        return this.staple(request);
      }),
      this.#answer(certificateStatus, (request) => {
        this.statusRequests.push(request);
        return this.status(request);
      }),
    ];
  }

  stop(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
  }

  #answer<C extends RequestContract>(contract: C, reply: (request: RequestOf<C>) => unknown): Subscription {
    return this.nats.subscribe(contract.subject, {
      callback: (_error, message) => {
        const request = contract.request.parse(message.json()) as RequestOf<C>;
        void Promise.resolve(reply(request)).then((answer) =>
          message.respond(JSON.stringify(contract.reply.parse(answer))),
        );
      },
    });
  }
}

export const good = (seconds: number): CertificateStatus => ({
  status: 'good',
  validUntil: inSeconds(seconds).toISOString(),
  source: 'ocsp',
});

export const revoked = (seconds: number): CertificateStatus => ({
  status: 'revoked',
  revokedAt: new Date().toISOString(),
  reason: 'keyCompromise',
  serialNumber: '0a',
  validUntil: inSeconds(seconds).toISOString(),
  source: 'ocsp',
});

export const unknown = (seconds: number): CertificateStatus => ({
  status: 'unknown',
  reason: 'the responder does not answer',
  validUntil: inSeconds(seconds).toISOString(),
});

/** Staples of an authority that vouches for whatever it has issued. */
export function staplesOf(
  authority: TestAuthority,
  seconds: number,
): (request: StapleRequest) => CertificateStaple {
  return ({ chain: [leaf = ''] }) => {
    const certificateId = ocspCertificateId(new X509Certificate(leaf), authority.certificate);
    const producedAt = new Date();
    const nextUpdate = inSeconds(3_600);
    const response = signOcspResponse(authority.responder, {
      producedAt,
      statements: [{ certificateId, status: 'good', thisUpdate: producedAt, nextUpdate }],
    });
    return {
      outcome: 'staple',
      response: Buffer.from(response).toString('base64'),
      status: 'good',
      producedAt: producedAt.toISOString(),
      thisUpdate: producedAt.toISOString(),
      nextUpdate: nextUpdate.toISOString(),
      lastError: null,
      validUntil: inSeconds(seconds).toISOString(),
      askAgainAt: inSeconds(seconds / 2).toISOString(),
    };
  };
}

import type { CertificateStaple } from '@gatehouse/contracts';
import { usedUntil, type LifetimeLimits } from '../lifetime/answer-lifetime.ts';
import type { TrustedAnswer } from '../source/ocsp-responders.ts';

/** An OCSP response about a server certificate, as it is handed to clients. */
export interface Staple {
  readonly answer: TrustedAnswer;
  readonly fetchedAt: Date;
  readonly validUntil: Date;
  /** Half of its life: from then on a newer one is asked for. */
  readonly refreshAt: Date;
}

export function stapleOf(answer: TrustedAnswer, fetchedAt: Date, limits: LifetimeLimits): Staple {
  const validUntil = usedUntil(answer, limits, fetchedAt);
  const refreshAt = new Date((fetchedAt.getTime() + validUntil.getTime()) / 2);
  return { answer, fetchedAt, validUntil, refreshAt };
}

export function stapleReply(
  { answer, validUntil }: Staple,
  lastError: string | null,
  askAgainAt: Date,
): Extract<CertificateStaple, { outcome: 'staple' }> {
  return {
    outcome: 'staple',
    response: Buffer.from(answer.response).toString('base64'),
    status: answer.status,
    producedAt: answer.producedAt.toISOString(),
    thisUpdate: answer.thisUpdate.toISOString(),
    nextUpdate: answer.nextUpdate?.toISOString() ?? null,
    lastError,
    validUntil: validUntil.toISOString(),
    askAgainAt: askAgainAt.toISOString(),
  };
}

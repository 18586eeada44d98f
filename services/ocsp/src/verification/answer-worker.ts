import { X509Certificate } from 'node:crypto';
import { readOcspResponse, verifyOcspResponse } from '@gatehouse/pki';
import { serveThread } from '@gatehouse/threads';
import type { AnswerOrder, AnswerVerdict } from './answer-verifier.ts';

serveThread(verdictOn);

function verdictOn(order: AnswerOrder): AnswerVerdict {
  try {
    return verified(order, new Date());
  } catch (error) {
    return unusable(error instanceof Error ? error.message : 'it cannot be read');
  }
}

function verified(order: AnswerOrder, now: Date): AnswerVerdict {
  const data = readOcspResponse(order.response);
  if (data.status === 'tryLater' || data.status === 'internalError') {
    return { outcome: 'in-trouble', status: data.status };
  }
  const { nonce, isNonceRequired, clockSkewMs, maxAgeMs } = order;
  const verdict = verifyOcspResponse(data, {
    certificate: new X509Certificate(order.certificate),
    issuer: new X509Certificate(order.issuer),
    now,
    ...(nonce === undefined ? {} : { nonce }),
    isNonceRequired,
    clockSkewMs,
    maxAgeMs,
  });
  if (verdict.outcome === 'untrusted') return unusable(verdict.reason);
  const { status, thisUpdate, nextUpdate, revokedAt, revocationReason } = verdict.status;
  if (nextUpdate !== null && nextUpdate <= now) {
    return unusable(`it is out of date since ${nextUpdate.toISOString()}`);
  }
  const { producedAt } = verdict;
  return {
    outcome: 'trusted',
    answer: {
      status,
      producedAt,
      thisUpdate,
      nextUpdate: nextUpdate ?? undefined,
      revokedAt,
      reason: revocationReason ?? undefined,
    },
  };
}

function unusable(reason: string): AnswerVerdict {
  return { outcome: 'unusable', reason };
}

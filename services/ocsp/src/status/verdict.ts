import type { CertificateStatus } from '@gatehouse/contracts';
import { earliest } from '../lifetime/answer-lifetime.ts';

export type AnswerSource = 'ocsp' | 'crl';

/** Whether one certificate is revoked; used until `validUntil`. */
export type Verdict =
  | { readonly status: 'good'; readonly source: AnswerSource; readonly validUntil: Date }
  | {
      readonly status: 'revoked';
      readonly source: AnswerSource;
      readonly revokedAt: Date;
      /** CRLReason of RFC 5280 §5.3.1, verbatim. */
      readonly reason: string | undefined;
      readonly serialNumber: string;
      readonly validUntil: Date;
    }
  | { readonly status: 'unknown'; readonly reason: string; readonly validUntil: Date };

/**
 * The verdict on a chain: one that is revoked decides, then one of which nobody knows. A good one holds as long as
 * all of its parts.
 *
 * @param verdicts end-entity first; at least one
 */
export function chainVerdict(verdicts: readonly [Verdict, ...Verdict[]]): Verdict {
  const decisive =
    verdicts.find(({ status }) => status === 'revoked') ??
    verdicts.find(({ status }) => status === 'unknown') ??
    verdicts[0];
  if (decisive.status === 'revoked') return decisive;
  const [first, ...rest] = verdicts;
  return { ...decisive, validUntil: earliest(first.validUntil, ...rest.map((each) => each.validUntil)) };
}

export function statusReply(verdict: Verdict): CertificateStatus {
  const validUntil = verdict.validUntil.toISOString();
  switch (verdict.status) {
    case 'good':
      return { status: 'good', source: verdict.source, validUntil };
    case 'unknown':
      return { status: 'unknown', reason: verdict.reason, validUntil };
    case 'revoked': {
      const { source, serialNumber, reason } = verdict;
      const revokedAt = verdict.revokedAt.toISOString();
      return {
        status: 'revoked',
        source,
        serialNumber,
        revokedAt,
        ...(reason === undefined ? {} : { reason }),
        validUntil,
      };
    }
  }
}

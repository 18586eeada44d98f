import type { AnswerTimes } from '../lifetime/answer-lifetime.ts';

/** What a source that can be trusted says about one certificate. */
export type RevocationAnswer = AnswerTimes &
  (
    | { readonly status: 'good' }
    | { readonly status: 'revoked'; readonly revokedAt: Date; readonly reason: string | undefined }
  );

import { z } from 'zod';
import { requestContract } from '../request-contract.ts';

/** Which of a product's messages that could not be parsed; all of them when nothing is said. */
export const retriedFailures = z.strictObject({
  deviceName: z.string().optional(),
  /** Of the error, such as 26002. */
  code: z.string().optional(),
  messageIds: z.array(z.string()).min(1).max(100).optional(),
});
export type RetriedFailures = z.infer<typeof retriedFailures>;

/**
 * Sequence numbers of PARSING_FAILURES: of the first that was not tried, and of the last that was there when the first
 * call began. Who goes on by it tries each message once, whether it fails again or not.
 */
export const retryCursor = z.string().regex(/^\d{1,15}-\d{1,15}$/, 'must be the next of the call before');

/** Most messages that one call parses again. */
export const MAX_RETRIED_FAILURES = 10_000;

/**
 * Parse messages of PARSING_FAILURES again, with the version in force, the oldest first. What parses is stored in
 * MESSAGES and removed; what fails again stays, with the error that it has now.
 */
export const retryFailures = requestContract({
  subject: 'parser.v1.retry-failures',
  timeoutMs: 30_000,
  request: z.strictObject({
    productKey: z.string(),
    filter: retriedFailures,
    limit: z.int().min(1).max(MAX_RETRIED_FAILURES),
    /** Where to go on: what an earlier call answered. */
    after: retryCursor.optional(),
  }),
  reply: z.discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('done'),
      parsed: z.int().nonnegative(),
      failed: z.int().nonnegative(),
      /** That the filter means too and were not tried: the limit or the time was over. */
      remaining: z.int().nonnegative(),
      /** `after` of the call that goes on with these; absent when nothing remains. */
      next: retryCursor.optional(),
    }),
    /** Another call for the product is at work. */
    z.strictObject({ outcome: z.literal('busy') }),
  ]),
});

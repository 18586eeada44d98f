import { z } from 'zod';
import { MAX_RETRIED_FAILURES, retryCursor } from '../parser/retry-failures.ts';
import { pageOf, pageQuery } from './page.ts';
import { wholeNumberText } from './whole-number-text.ts';

/** Payloads make these lists heavy. */
const MAX_FAILURES_OF_PAGE = 100;
const DEFAULT_FAILURES_OF_PAGE = 50;
const DEFAULT_RETRIED_FAILURES = 1_000;

const deviceName = z.string().min(1).max(64);
/** A number of the reference platform, or a name such as PARSER_PARSING_UNKNOWN. */
const errorCode = z.string().regex(/^\w{1,64}$/, 'must be an error code, such as 26002');

/** Query of DELETE …/parsing/failures; all that are given must hold. */
export const parsingFailureSelection = z.strictObject({
  device: deviceName.optional(),
  code: errorCode.optional(),
});
export type ParsingFailureSelection = z.infer<typeof parsingFailureSelection>;

/** Query of GET …/parsing/failures. */
export const parsingFailureQuery = pageQuery.extend({
  ...parsingFailureSelection.shape,
  limit: wholeNumberText(z.int().min(1).max(MAX_FAILURES_OF_PAGE).default(DEFAULT_FAILURES_OF_PAGE)),
});

/** A message that could not be parsed. */
export const parsingFailureView = z.strictObject({
  messageId: z.string(),
  deviceName: z.string(),
  topic: z.string(),
  qos: z.int().min(0).max(2),
  time: z.iso.datetime().describe('When the edge received it'),
  payload: z.string().describe('As the device sent it, base64'),
  scriptVersion: z.int().positive().nullable().describe('That failed; null when none was run'),
  error: z.strictObject({
    code: z.string().describe('A code of docs/errors.md, Parsing scripts'),
    message: z.string(),
    line: z.int().positive().nullable().describe('In the script, from 1; null when the engine does not say'),
    column: z.int().positive().nullable(),
  }),
});
export type ParsingFailureView = z.infer<typeof parsingFailureView>;
export const parsingFailurePage = pageOf(parsingFailureView);

/** Body of POST …/parsing/failures:retry; all that are given must hold. */
export const parsingRetryInput = parsingFailureSelection.extend({
  messageIds: z.array(z.string().min(1).max(256)).min(1).max(100).optional(),
  limit: z
    .int()
    .min(1)
    .max(MAX_RETRIED_FAILURES)
    .default(DEFAULT_RETRIED_FAILURES)
    .describe('Messages that are parsed again, at most; the oldest first'),
  after: retryCursor.optional().describe('`next` of the call before: goes on behind what it tried'),
});
export type ParsingRetryInput = z.infer<typeof parsingRetryInput>;

export const parsingRetryResult = z.strictObject({
  parsed: z.int().nonnegative().describe('Stored in MESSAGES, and kept aside no longer'),
  failed: z.int().nonnegative().describe('Failed again, and stay with the error that they have now'),
  remaining: z.int().nonnegative().describe('Were not tried: the limit or the time was over'),
  next: z.string().nullable().describe('`after` of the call that goes on with these; null when none remain'),
});
export type ParsingRetryResult = z.infer<typeof parsingRetryResult>;

export const deletedParsingFailures = z.strictObject({ deleted: z.int().nonnegative() });
export type DeletedParsingFailures = z.infer<typeof deletedParsingFailures>;

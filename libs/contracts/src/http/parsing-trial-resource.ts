import { z } from 'zod';
import { parsingSample } from '../parser/parsing-sample.ts';
import { scriptLanguage } from '../registry/parsing-queries.ts';

/** Bytes of a payload that is tried, at most: the largest packet that a gateway can be set to take. */
const MAX_PAYLOAD_BYTES = 1_048_576;
const MAX_TOPIC_LENGTH = 1_024;

export const trialEncoding = z.enum(['base64', 'hex', 'text']);
export type TrialEncoding = z.infer<typeof trialEncoding>;

/** Body of POST …/parsing/draft:try: one message, the last real ones, or a downlink. */
export const parsingTrialInput = z
  .strictObject({
    topic: z.string().max(MAX_TOPIC_LENGTH).optional().describe('Of the one message to try'),
    payload: z.string().optional().describe('Of the one message to try, in `encoding`'),
    encoding: trialEncoding
      .default('base64')
      .describe('Of `payload`; hex may begin with 0x and hold white space'),
    recent: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe('Instead of a payload: so many of the last messages of the product'),
    function: z
      .literal('protocolToRawData')
      .optional()
      .describe('Tries the downlink: what becomes of `json`'),
    json: z.record(z.string(), z.unknown()).optional().describe('What protocolToRawData gets'),
    compare: z
      .boolean()
      .default(false)
      .describe('Also runs the version in force and tells where its results differ'),
    code: z.string().optional().describe('Tried instead of the draft, which stays as it is'),
    language: scriptLanguage.optional().describe('Of `code`'),
  })
  .superRefine((input, context) => {
    for (const [path, message] of problemsOf(input)) {
      context.addIssue({ code: 'custom', path: [path], message });
    }
  });
export type ParsingTrialInput = z.infer<typeof parsingTrialInput>;

interface Given {
  readonly topic?: string | undefined;
  readonly payload?: string | undefined;
  readonly encoding: TrialEncoding;
  readonly recent?: number | undefined;
  readonly function?: string | undefined;
  readonly json?: object | undefined;
  readonly code?: string | undefined;
  readonly language?: string | undefined;
}

function* problemsOf(input: Given): Generator<[path: keyof Given, message: string]> {
  const { topic, payload, encoding, recent, json } = input;
  if (input.language !== undefined && input.code === undefined) {
    yield ['language', 'goes with code; the draft has a language of its own'];
  }
  if (input.function !== undefined) {
    if (json === undefined) yield ['json', 'is missing: protocolToRawData gets a JSON object'];
    if (payload !== undefined) yield ['payload', 'is for uplink; protocolToRawData gets json'];
    if (recent !== undefined) yield ['recent', 'is for uplink; protocolToRawData gets json'];
    return;
  }
  if (json !== undefined) yield ['json', 'goes with "function": "protocolToRawData"'];
  if (recent !== undefined) {
    if (payload !== undefined) yield ['payload', 'cannot be given together with recent'];
    return;
  }
  if (payload === undefined) {
    yield ['payload', 'is missing: give topic and payload, or recent, or function and json'];
    return;
  }
  if (topic === undefined) yield ['topic', 'is missing: the script gets it together with the payload'];
  const problem = payloadProblem(payload, encoding);
  if (problem !== undefined) yield ['payload', problem];
}

function payloadProblem(payload: string, encoding: TrialEncoding): string | undefined {
  if (payload.length > 3 * MAX_PAYLOAD_BYTES) return `may have ${MAX_PAYLOAD_BYTES} bytes`;
  if (encoding === 'hex') {
    const digits = hexDigits(payload);
    const stray = /[^0-9a-f]/i.exec(digits)?.[0];
    if (stray !== undefined) return `is no hex: it holds ${JSON.stringify(stray)}`;
    if (digits.length % 2 === 1) return `is no hex: ${digits.length} digits are no whole bytes`;
  }
  if (encoding === 'base64' && !z.base64().safeParse(payload).success) {
    return 'is no base64; say "encoding": "hex" or "text" for another form';
  }
  if (trialPayload(payload, encoding).length > MAX_PAYLOAD_BYTES)
    return `may have ${MAX_PAYLOAD_BYTES} bytes`;
  return undefined;
}

const hexDigits = (payload: string): string => payload.replaceAll(/\s/g, '').replace(/^0x/i, '');

/** The bytes that a checked payload stands for. */
export function trialPayload(payload: string, encoding: TrialEncoding): Uint8Array {
  switch (encoding) {
    case 'hex':
      return Buffer.from(hexDigits(payload), 'hex');
    case 'base64':
      return Buffer.from(payload, 'base64');
    case 'text':
      return Buffer.from(payload);
  }
}

const trialOutcome = z.enum(['parsed', 'failed']);
const trialError = z.strictObject({
  code: z.string(),
  message: z.string(),
  line: z.int().positive().nullable().describe('In the script, from 1; null when the engine does not say'),
  column: z.int().positive().nullable(),
});

/** What became of one message, and what it took. */
export const parsingTrialResult = z.strictObject({
  outcome: trialOutcome,
  result: z
    .unknown()
    .describe(
      'Uplink: the object. Downlink: the bytes as `{"hex","base64"}`. Null when it failed or is too large',
    ),
  logs: z.array(
    z.strictObject({ level: z.enum(['log', 'info', 'warn', 'error', 'debug']), text: z.string() }),
  ),
  milliseconds: z.number().nonnegative(),
  memoryBytes: z.int().nonnegative().nullable().describe('Heap of the script afterwards, garbage included'),
  error: trialError.nullable(),
  isCut: z.boolean().describe('The result or some of the logs are left out, because the answer has a limit'),
  comparison: z
    .strictObject({
      version: z.int().positive().describe('The version in force'),
      isEqual: z
        .boolean()
        .describe('The same result, whatever the order of its fields; or the same error code'),
      outcome: trialOutcome,
      result: z.unknown().describe('Of the version in force; null when it is equal'),
      error: trialError.nullable(),
    })
    .nullable()
    .describe('Null when no comparison was asked for, or no version is in force'),
});
export type ParsingTrialResult = z.infer<typeof parsingTrialResult>;

export const parsingTrialOfRecent = parsingTrialResult.extend({ message: parsingSample });

/** Of one message, or of each of the last, newest first. */
export const parsingTrialAnswer = z.union([
  parsingTrialResult,
  z.strictObject({ items: z.array(parsingTrialOfRecent) }),
]);
export type ParsingTrialAnswer = z.infer<typeof parsingTrialAnswer>;

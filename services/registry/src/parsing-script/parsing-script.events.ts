import { canaryPercent, scriptLanguage } from '@gatehouse/contracts';
import { z } from 'zod';

/** It is in force from here on. */
const parsingScriptSubmitted = z.strictObject({
  type: z.literal('ParsingScriptSubmitted'),
  data: z.strictObject({
    productKey: z.string(),
    version: z.int().positive(),
    language: scriptLanguage,
    code: z.string(),
  }),
});

/** An earlier version is in force again. */
const parsingScriptRestored = z.strictObject({
  type: z.literal('ParsingScriptRestored'),
  data: z.strictObject({ productKey: z.string(), version: z.int().positive() }),
});

/** A new version parses a share of the devices; the version in force stays the one of all others. */
const parsingCanarySubmitted = z.strictObject({
  type: z.literal('ParsingCanarySubmitted'),
  data: z.strictObject({
    productKey: z.string(),
    version: z.int().positive(),
    language: scriptLanguage,
    code: z.string(),
    percent: canaryPercent,
  }),
});

/** The canary parses another share of the devices. */
const parsingCanaryResized = z.strictObject({
  type: z.literal('ParsingCanaryResized'),
  data: z.strictObject({ productKey: z.string(), version: z.int().positive(), percent: canaryPercent }),
});

/** The canary is the version in force from here on. */
const parsingCanaryPromoted = z.strictObject({
  type: z.literal('ParsingCanaryPromoted'),
  data: z.strictObject({ productKey: z.string(), version: z.int().positive() }),
});

/** The version in force parses all devices again. */
const parsingCanaryEnded = z.strictObject({
  type: z.literal('ParsingCanaryEnded'),
  data: z.strictObject({ productKey: z.string(), version: z.int().positive() }),
});

export const parsingScriptEvent = z.discriminatedUnion('type', [
  parsingScriptSubmitted,
  parsingScriptRestored,
  parsingCanarySubmitted,
  parsingCanaryResized,
  parsingCanaryPromoted,
  parsingCanaryEnded,
]);
export type ParsingScriptEvent = z.infer<typeof parsingScriptEvent>;

import { z } from 'zod';
import { scriptLanguage } from '../registry/parsing-queries.ts';

/** Bytes of a script's UTF-8 text, at most. */
export const MAX_SCRIPT_BYTES = 131_072;

/** Body of PUT …/parsing/draft. The size is checked in bytes by the registry. */
export const parsingDraftInput = z.strictObject({
  language: scriptLanguage,
  code: z.string().refine((code) => !code.includes('\0'), { error: 'may not hold a NUL character' }),
});
export type ParsingDraftInput = z.infer<typeof parsingDraftInput>;

export const parsingDraftView = z.strictObject({
  productKey: z.string(),
  language: scriptLanguage,
  code: z.string(),
  savedAt: z.iso.datetime(),
  savedBy: z.string(),
});
export type ParsingDraftView = z.infer<typeof parsingDraftView>;

/** Percent of a product's devices that a canary parses. */
export const canaryPercent = z.int().min(1).max(99);

/** Body of POST …/parsing/draft:submit; without it the draft comes into force for every device. */
export const parsingSubmitInput = z
  .strictObject({
    canaryPercent: canaryPercent
      .optional()
      .describe('The new version parses this share of devices, the version in force all others'),
  })
  .nullish();

/** Body of POST …/parsing/canary. */
export const parsingCanaryInput = z.strictObject({ percent: canaryPercent });
export type ParsingCanaryInput = z.infer<typeof parsingCanaryInput>;

export const parsingVersionView = z.strictObject({
  productKey: z.string(),
  version: z.int().positive(),
  language: scriptLanguage,
  code: z.string(),
  submittedAt: z.iso.datetime(),
  submittedBy: z.string(),
  isInForce: z.boolean().describe('Messages are parsed by it, when parsing is on'),
  // A default, for answers to repeated requests that were kept before there were canaries.
  canaryPercent: canaryPercent
    .nullable()
    .default(null)
    .describe('Share of devices that it parses as the canary; null when it is not the canary'),
});
export type ParsingVersionView = z.infer<typeof parsingVersionView>;

/** Newest first. */
export const parsingVersionList = z.strictObject({
  items: z.array(parsingVersionView),
  next: z.string().nullable(),
});

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

export const parsingVersionView = z.strictObject({
  productKey: z.string(),
  version: z.int().positive(),
  language: scriptLanguage,
  code: z.string(),
  submittedAt: z.iso.datetime(),
  submittedBy: z.string(),
  isInForce: z.boolean().describe('Messages are parsed by it, when parsing is on'),
});
export type ParsingVersionView = z.infer<typeof parsingVersionView>;

/** Newest first. */
export const parsingVersionList = z.strictObject({
  items: z.array(parsingVersionView),
  next: z.string().nullable(),
});

import { scriptLanguage } from '@gatehouse/contracts';
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

export const parsingScriptEvent = z.discriminatedUnion('type', [
  parsingScriptSubmitted,
  parsingScriptRestored,
]);
export type ParsingScriptEvent = z.infer<typeof parsingScriptEvent>;

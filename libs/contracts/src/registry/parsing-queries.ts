import { z } from 'zod';
import { requestContract } from '../request-contract.ts';

const NOT_OFFERED = /^(python|php)/i;

export const scriptLanguage = z.enum(['javascript', 'typescript'], {
  error: ({ input }) =>
    typeof input === 'string' && NOT_OFFERED.test(input)
      ? `${input} is not offered (iot.prod.InvalidScriptType of the reference platform): write the script in ` +
        'javascript or typescript; docs/parsing.md shows how to port one'
      : 'must be javascript or typescript',
});
export type ScriptLanguage = z.infer<typeof scriptLanguage>;

const submittedScript = z.strictObject({
  version: z.int().positive(),
  language: scriptLanguage,
  /** What runs: JavaScript, the types of TypeScript replaced by spaces. */
  code: z.string(),
});

/** What becomes of a message that cannot be parsed, besides being kept aside. */
export const onParsingFailure = z.enum(['drop', 'forward-raw']);
export type OnParsingFailure = z.infer<typeof onParsingFailure>;

/** How a product's uplink is parsed: switched off, or by the version of the script that is in force. */
export const productParsing = z.strictObject({
  productKey: z.string(),
  gatewayId: z.string(),
  enabled: z.boolean(),
  onFailure: onParsingFailure,
  script: submittedScript.nullable(),
  /** The version that parses `percent` of the devices instead ({@link isInCanary}); absent when there is none. */
  canary: submittedScript.extend({ percent: z.int().min(1).max(99) }).optional(),
});
export type ProductParsing = z.infer<typeof productParsing>;

export const getProductParsing = requestContract({
  subject: 'registry.v1.get-product-parsing',
  timeoutMs: 3_000,
  request: z.strictObject({ productKey: z.string() }),
  reply: z.strictObject({ parsing: productParsing.nullable() }),
});

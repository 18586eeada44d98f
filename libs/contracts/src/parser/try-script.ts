import { z } from 'zod';
import { parsingTrialResult } from '../http/parsing-trial-resource.ts';
import { scriptLanguage } from '../registry/parsing-queries.ts';
import { requestContract } from '../request-contract.ts';
import { parsingSample } from './parsing-sample.ts';

const triedScript = z.strictObject({ language: scriptLanguage, code: z.string() });

/** Asked by the HTTP API: run a script that is not in force, on messages that go nowhere. */
export const tryScript = requestContract({
  subject: 'parser.v1.try',
  timeoutMs: 30_000,
  request: z.strictObject({
    productKey: z.string(),
    script: triedScript,
    /** The version in force, when it is to be run too. */
    compareWith: triedScript.extend({ version: z.int().positive() }).nullable(),
    input: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('message'), topic: z.string(), payload: z.base64() }),
      /** The last messages of the product, as many as there are. */
      z.strictObject({ kind: z.literal('recent'), count: z.int().min(1).max(100) }),
      /** What protocolToRawData gets, as JSON text. */
      z.strictObject({ kind: z.literal('downlink'), json: z.string() }),
    ]),
  }),
  reply: z.discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('tried'),
      /** One for each message, newest first; of a message that was pasted there is no sample. */
      items: z.array(z.strictObject({ sample: parsingSample.nullable(), result: parsingTrialResult })),
    }),
    /** The instance tries as many scripts as it does at once. */
    z.strictObject({ outcome: z.literal('busy'), trialsAtOnce: z.int().positive() }),
  ]),
});

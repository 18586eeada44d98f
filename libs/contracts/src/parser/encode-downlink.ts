import { z } from 'zod';
import { requestContract } from '../request-contract.ts';

/**
 * Turn JSON into the bytes that a product's devices read, by `protocolToRawData` of the script in force. One
 * parser answers; what the script does wrong is an answer too.
 */
export const encodeDownlink = requestContract({
  subject: 'parser.v1.encode-downlink',
  timeoutMs: 5_000,
  request: z.strictObject({ productKey: z.string(), json: z.record(z.string(), z.unknown()) }),
  reply: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('encoded'), payload: z.base64() }),
    z.strictObject({
      outcome: z.literal('failed'),
      /** One of the reference platform's codes, as for uplink messages. */
      code: z.string(),
      message: z.string(),
      /** From 1; absent when the engine did not say. */
      line: z.int().positive().optional(),
      column: z.int().positive().optional(),
    }),
    z.strictObject({ outcome: z.literal('parsing-off') }),
    /** So many messages wait for their scripts already, as many as a parser lets wait. */
    z.strictObject({ outcome: z.literal('busy'), waiting: z.int().positive() }),
  ]),
});

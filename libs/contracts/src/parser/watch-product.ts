import { z } from 'zod';
import { requestContract } from '../request-contract.ts';

/**
 * Ask every parser instance to copy what a product's devices publish to `parser.v1.watched.<productKey>`
 * for `seconds`. Sent without a queue group: each instance answers. Renew before it ends.
 */
export const watchProduct = requestContract({
  subject: 'parser.v1.watch',
  timeoutMs: 1_000,
  request: z.strictObject({ productKey: z.string(), seconds: z.int().min(1).max(60) }),
  reply: z.strictObject({ instance: z.string() }),
});

/** One message of a device, as somebody who watches sees it. */
export const watchedMessage = z.strictObject({
  messageId: z.string(),
  deviceName: z.string(),
  topic: z.string(),
  qos: z.int().min(0).max(2),
  time: z.iso.datetime(),
  /** What the device sent, base64. */
  raw: z.base64(),
  outcome: z.enum(['passed', 'parsed', 'failed']),
  /** What went to the stream MESSAGES, base64; absent when parsing failed. */
  payload: z.base64().optional(),
  scriptVersion: z.int().positive().optional(),
  error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
  traceparent: z.string().optional(),
});
export type WatchedMessage = z.infer<typeof watchedMessage>;

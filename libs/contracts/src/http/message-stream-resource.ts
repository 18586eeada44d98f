import { z } from 'zod';

/** Query of GET …/messages/stream: one device, and the topics that an MQTT filter matches. */
export const messageStreamQuery = z.strictObject({
  device: z.string().min(1).max(64).optional(),
  topic: z.string().min(1).max(1_024).optional(),
});

/** Data of `event: message`. */
export const streamedMessage = z.strictObject({
  messageId: z.string(),
  deviceName: z.string(),
  topic: z.string(),
  qos: z.int().min(0).max(2),
  time: z.iso.datetime().describe('When the edge received it'),
  raw: z
    .strictObject({ base64: z.string(), text: z.string().optional() })
    .describe('What the device sent; `text` when it is readable UTF-8'),
  outcome: z.enum(['passed', 'parsed', 'failed']).describe('`passed`: the gateway does not parse'),
  payload: z
    .unknown()
    .describe(
      'What went to the stream MESSAGES: as JSON when it is JSON, else as text, else as `{"base64"}`; ' +
        'null when parsing failed',
    ),
  scriptVersion: z.int().positive().nullable().describe('Of the script that it was parsed with'),
  error: z
    .strictObject({ code: z.string(), message: z.string() })
    .nullable()
    .describe('Why parsing failed: a code of docs/errors.md, Parsing scripts'),
  traceparent: z.string().nullable().describe('W3C trace context, where the message is traced'),
});
export type StreamedMessage = z.infer<typeof streamedMessage>;

/** Data of `event: dropped`: the reader was too slow for so many messages. */
export const droppedMessages = z.strictObject({ count: z.int().positive() });

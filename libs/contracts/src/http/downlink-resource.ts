import { z } from 'zod';
import { downlinkMessage } from '../edge/session-requests.ts';

/** Topic names hold neither wildcards nor U+0000 [MQTT5-3.3.2-2] [MQTT5-1.5.4-2]. */
const isTopicName = (topic: string): boolean =>
  topic.isWellFormed() && !['+', '#', '\u0000'].some((character) => topic.includes(character));

/** Bytes of a topic name's UTF-8 text, at most. */
const MAX_TOPIC_BYTES = 1_024;
/** Characters of base64 for 256 kB of payload, the default packet limit of a gateway. */
const MAX_PAYLOAD_CHARACTERS = 349_528;

/** Text as MQTT takes it: UTF-8 without U+0000 and lone surrogates, 65,535 bytes at most [MQTT5-1.5.4]. */
const mqttText = z
  .string()
  .refine((text) => text.isWellFormed() && !text.includes('\u0000'), {
    error: 'must be text without NUL and lone surrogates',
  })
  .refine((text) => new TextEncoder().encode(text).length <= 65_535, {
    error: 'must have at most 65,535 bytes',
  });

/** Body of POST …/devices/{deviceName}/messages. */
const downlinkFields = downlinkMessage.omit({ messageId: true }).extend({
  topic: z
    .string()
    .min(1, 'must not be empty')
    .refine((topic) => new TextEncoder().encode(topic).length <= MAX_TOPIC_BYTES, {
      error: `must have at most ${MAX_TOPIC_BYTES} bytes`,
    })
    .refine(isTopicName, { error: 'must be a topic name, without +, # and NUL' })
    .meta({ maxLength: MAX_TOPIC_BYTES, description: 'A topic name: without `+`, `#` and NUL' }),
  contentType: mqttText.optional(),
  responseTopic: mqttText
    .min(1, 'must not be empty')
    .refine(isTopicName, { error: 'must be a topic name, without +, # and NUL' })
    .optional(),
  userProperties: z
    .array(z.tuple([mqttText, mqttText]))
    .max(100, 'must be at most 100')
    .optional(),
  payload: z
    .base64()
    .max(MAX_PAYLOAD_CHARACTERS, 'must be at most 256 kB')
    .optional()
    .describe('At most 256 kB, as base64; or else `json`'),
  json: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Instead of `payload`: `protocolToRawData` of the product's script makes the bytes of it"),
  qos: downlinkMessage.shape.qos.default(0),
  retain: z.boolean().default(false),
});
export const downlinkInput = downlinkFields.refine(
  ({ payload, json }) => (payload === undefined) !== (json === undefined),
  { path: ['payload'], error: 'must be given (base64), or json instead of it: one of the two' },
);
export type DownlinkInput = z.infer<typeof downlinkInput>;

export const downlinkResult = z.strictObject({
  messageId: z.string(),
  outcome: z
    .enum(['delivered', 'queued', 'not-subscribed', 'offline'])
    .describe(
      '`delivered`: written to the connection (QoS 0), acknowledged by the device (QoS 1); `not-subscribed`: no ' +
        'subscription matches; `offline`: not connected, or disabled',
    ),
});
export type DownlinkResult = z.infer<typeof downlinkResult>;

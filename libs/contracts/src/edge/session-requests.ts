import { z } from 'zod';
import { requestContract } from '../request-contract.ts';
import { edgeSubject } from '../subjects.ts';

/** A message for a device, as the HTTP API takes it. */
export const downlinkMessage = z.strictObject({
  messageId: z.string(),
  topic: z.string(),
  payload: z.base64(),
  qos: z.union([z.literal(0), z.literal(1)]),
  retain: z.boolean(),
  expirySeconds: z.int().min(1).max(4_294_967_295).optional().describe('Message Expiry Interval of MQTT 5.0'),
  contentType: z.string().optional(),
  responseTopic: z.string().optional(),
  correlationData: z.base64().optional().describe('Base64'),
  userProperties: z.array(z.tuple([z.string(), z.string()])).optional(),
});

/**
 * Hand a message to a device that this edge holds. `delivered` means written to the connection (QoS 0)
 * or acknowledged by the device (QoS 1); `unacknowledged` that no PUBACK came in time.
 */
export const deliverMessage = (edgeId: string) =>
  requestContract({
    subject: edgeSubject(edgeId, 'deliver'),
    timeoutMs: 10_000,
    request: z.strictObject({
      productKey: z.string(),
      deviceName: z.string(),
      message: downlinkMessage,
    }),
    reply: z.strictObject({
      outcome: z.enum(['delivered', 'not-subscribed', 'offline', 'unacknowledged']),
    }),
  });

export const sessionEndReason = z.enum([
  'taken-over',
  'device-disabled',
  'device-deleted',
  'credentials-changed',
  'gateway-deleted',
]);
export type SessionEndReason = z.infer<typeof sessionEndReason>;

/** End a device's session if this edge holds it and its number is at most `upToSession`. */
export const kickSession = (edgeId: string) =>
  requestContract({
    subject: edgeSubject(edgeId, 'kick'),
    timeoutMs: 2_000,
    request: z.strictObject({
      productKey: z.string(),
      deviceName: z.string(),
      upToSession: z.int().nonnegative(),
      reason: sessionEndReason,
    }),
    reply: z.strictObject({ ended: z.boolean() }),
  });

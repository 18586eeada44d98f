import { z } from 'zod';
import { admissionRefusal } from './admit-device.ts';
import { deviceName, gatewayId } from '../device/device-identity.ts';
import { topicPermissions } from '../http/topic-permission.ts';
import { requestContract } from '../request-contract.ts';

const text = z.string().max(1_024);

/** Body of POST /gateways/{gatewayId}:test-authentication: what a device would have sent. */
export const authenticationTestInput = z.strictObject({
  username: text.default(''),
  password: text.default(''),
  clientId: text.default('test'),
  userProperties: z
    .array(z.tuple([text, text]))
    .max(50)
    .default([]),
  clientCertificate: z
    .strictObject({ commonName: text, serialNumber: text.default(''), issuer: text.default('') })
    .optional(),
});
export type AuthenticationTestInput = z.infer<typeof authenticationTestInput>;

const sent = z.strictObject({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  /** As sent, every value that came from a password replaced by `***`. */
  body: z.string(),
});
const received = z.strictObject({
  status: z.int(),
  contentType: z.string().nullable(),
  /** Its first 4,096 bytes. */
  body: z.string(),
});

/** What became of a sample call to the customer's authenticator; no cache, no breaker, no device is made. */
export const authenticationTestResult = z.strictObject({
  outcome: z.enum(['admitted', 'refused']),
  reason: admissionRefusal.nullable(),
  deviceName: deviceName.nullable(),
  permissions: topicPermissions,
  /** How the role of a function was taken on, keys and token replaced by `***`; null where STS said nothing. */
  assumedRole: z.strictObject({ sent, received }).nullable(),
  /** Null when nothing was sent: the outbound policy forbids it, or the name has no address. */
  sent: sent.nullable(),
  received: received.nullable(),
  milliseconds: z.number().nonnegative(),
  /** What went wrong or what the authenticator said; for people. */
  message: z.string().nullable(),
});
export type AuthenticationTestResult = z.infer<typeof authenticationTestResult>;

/** Asked by the HTTP API: call the authenticator of a gateway once. A one-way gateway has none: refused as such. */
export const testAuthentication = requestContract({
  subject: 'auth.v1.test-authentication',
  timeoutMs: 35_000,
  request: authenticationTestInput.extend({ gatewayId, gatewayVersion: z.int().nonnegative() }),
  reply: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('tested'), result: authenticationTestResult }),
    z.strictObject({ outcome: z.literal('unknown-gateway') }),
    /** The gateway's credentials are the imported ones: there is nobody to call. */
    z.strictObject({ outcome: z.literal('no-authenticator') }),
  ]),
});

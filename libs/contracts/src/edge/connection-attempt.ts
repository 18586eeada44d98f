import { z } from 'zod';
import { admissionStep, clientCertificate } from '../auth/admit-device.ts';

/**
 * One attempt to connect, from accept to close: a message of the stream CONNECTION_ATTEMPTS is an array of
 * these. It is written when it is decided, and written again under the same id when an admitted connection
 * ends, then with no steps: those of the first stay. No password, ticket or key is in it.
 */
export const connectionAttempt = z.strictObject({
  attemptId: z.string(),
  gatewayId: z.string(),
  edgeId: z.string(),
  remoteAddress: z.string(),
  /** When the connection was accepted. */
  startedAt: z.iso.datetime(),
  /** From then to the decision. */
  milliseconds: z.number().nonnegative(),
  /** `failed`: it never came to a CONNECT that could be judged (no TLS, no certificate, no MQTT, too slow). */
  outcome: z.enum(['admitted', 'refused', 'failed']),
  /** Code of docs/errors.md; null when admitted. */
  code: z.string().nullable(),
  /** One word for it, such as `wrong-password` or `certificate-expired`; null when admitted. */
  reason: z.string().nullable(),
  /** For people: what happened and how to mend it; null when admitted. */
  message: z.string().nullable(),
  /** What the device saw: code of CONNACK in its own version of MQTT; null when there was none. */
  connackCode: z.int().nullable(),
  tls: z
    .strictObject({
      version: z.string().nullable(),
      cipher: z.string().nullable(),
      serverName: z.string().nullable(),
      isResumed: z.boolean(),
      /** The alert or the error of the chain that ended the handshake. */
      failure: z.string().nullable(),
    })
    .nullable(),
  certificate: clientCertificate.nullable(),
  clientId: z.string().nullable(),
  username: z.string().nullable(),
  protocolVersion: z.int().nullable(),
  productKey: z.string().nullable(),
  deviceName: z.string().nullable(),
  /** The session number; null unless admitted. */
  session: z.int().nullable(),
  steps: z.array(admissionStep).max(40),
  /** Attempts of the same address and kind that were not recorded since the last one that was. */
  notRecorded: z.int().nonnegative(),
  /** How an admitted connection ended; null while it lasts and when it was not admitted. */
  closed: z.strictObject({ at: z.iso.datetime(), code: z.string() }).nullable(),
});
export type ConnectionAttempt = z.infer<typeof connectionAttempt>;
export const connectionAttempts = z.array(connectionAttempt).max(1_000);

/** An entry of the bucket `bans`, key as `banKey` makes it; ignored after `until`. */
export const addressBan = z.strictObject({
  gatewayId: z.string(),
  remoteAddress: z.string(),
  bannedAt: z.iso.datetime(),
  until: z.iso.datetime(),
  /** `wasted-connections`: they came to no CONNECT. It keeps no CONNECT out where a device came in from the address. */
  cause: z.enum(['failed-attempts', 'wasted-connections']).default('failed-attempts'),
  /** For people. */
  reason: z.string(),
  /** Failed attempts, or wasted connections, that led to it. */
  failures: z.int().nonnegative(),
  edgeId: z.string(),
});
export type AddressBan = z.infer<typeof addressBan>;

/** Keys of NATS buckets hold no colon, and IPv6 addresses do; a gateway's id holds no dot. */
export const banKey = (gatewayId: string, remoteAddress: string): string =>
  `${gatewayId}.${remoteAddress.replaceAll(/[^A-Za-z0-9.]/g, '_')}`;

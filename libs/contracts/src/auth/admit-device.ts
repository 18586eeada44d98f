import { z } from 'zod';
import { deviceName, gatewayId, productKey } from '../device/device-identity.ts';
import { topicPermissions } from '../http/topic-permission.ts';
import { credentialVersion } from '../registry/credential-queries.ts';
import { requestContract } from '../request-contract.ts';

/** Why a client was not let in. The edge turns each into a CONNACK code (platform codes in docs/mqtt.md). */
export const admissionRefusal = z.enum([
  'malformed-credentials',
  'unknown-device',
  'wrong-password',
  'device-disabled',
  'unknown-gateway',
  /** The gateway wants the user name to be the common name of the client certificate, and it is not. */
  'common-name-mismatch',
  /** Its certificate, or one above it, was revoked. */
  'certificate-revoked',
  /** Nobody knows whether it was, and the gateway refuses such devices. */
  'certificate-status-unknown',
  /** The gateway's authenticator said no. */
  'authenticator-refused',
  /** It could not be reached, failed, or its breaker is open. */
  'authenticator-unavailable',
  'authenticator-timeout',
  /** It said yes in a way that names no device. */
  'authenticator-answer-invalid',
  /** As many calls to it are under way and waiting as may be. */
  'authenticator-busy',
]);
export type AdmissionRefusal = z.infer<typeof admissionRefusal>;

/** The client certificate of a TLS connection whose chain was verified; never an unverified one. */
export const clientCertificate = z.strictObject({
  commonName: z.string(),
  /** Lower-case hexadecimal, no colons, as RFC 5280 §4.1.2.2 has it in two digits a byte. */
  serialNumber: z.string(),
  /** Distinguished name as RFC 4514 writes it, such as `CN=Device CA,O=Example`. */
  issuer: z.string(),
  /** SHA-256 of the DER, lower-case hexadecimal. */
  fingerprint: z.string(),
});
export type ClientCertificate = z.infer<typeof clientCertificate>;

/**
 * One step of an admission, for whoever asks why a device cannot connect. Holds no password, no token and
 * nothing of a request's body; `detail` may quote the `message` of the customer's authenticator.
 */
export const admissionStep = z.strictObject({
  /** Such as `tls-handshake`, `queue`, `credential-lookup`, `authenticator`, `device`, `session`. */
  name: z.string().max(64),
  /** Such as `ok`, `refused`, `timeout`, `cached`, `failed`. */
  outcome: z.string().max(64),
  milliseconds: z.number().nonnegative(),
  detail: z.string().max(1_024).optional(),
});
export type AdmissionStep = z.infer<typeof admissionStep>;
const steps = z.array(admissionStep).max(20).default([]);

/** Asked by an edge once for every CONNECT. */
export const admitDevice = requestContract({
  subject: 'auth.v1.admit',
  // Longer than auth itself waits for the registry or for a customer's authenticator.
  timeoutMs: 9_000,
  request: z.strictObject({
    gatewayId,
    /** Version of the gateway that the edge serves: auth must not judge by an older one. */
    gatewayVersion: z.int().nonnegative().default(0),
    /** How long the edge waits for the answer before it asks again: auth answers sooner. */
    waitMs: z.int().min(1).max(60_000).optional(),
    clientId: z.string(),
    protocolVersion: z.union([z.literal(3), z.literal(4), z.literal(5)]),
    username: z.string().optional(),
    /** Base64: an MQTT password is binary data. */
    password: z.base64().optional(),
    remoteAddress: z.string(),
    userProperties: z.array(z.tuple([z.string(), z.string()])).default([]),
    clientCertificate: clientCertificate.optional(),
  }),
  reply: z.discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('admitted'),
      productKey,
      deviceName,
      credentialVersion,
      /** When the verdict must be asked for again; null while nothing limits it. */
      expiresAt: z.iso.datetime().nullable(),
      /** Rules of the authenticator's answer; they come before those of the gateway. */
      permissions: topicPermissions.default([]),
      steps,
    }),
    z.strictObject({ outcome: z.literal('refused'), reason: admissionRefusal, steps }),
  ]),
});

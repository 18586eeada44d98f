import { z } from 'zod';
import { deviceName, gatewayId, productKey } from '../device/device-identity.ts';
import { requestContract } from '../request-contract.ts';

/** Why a client was not let in. The edge turns each into a CONNACK code (platform codes in docs/mqtt.md). */
export const admissionRefusal = z.enum([
  'malformed-credentials',
  'unknown-device',
  'wrong-password',
  'device-disabled',
  'unknown-gateway',
  'authenticator-refused',
  'authenticator-unavailable',
]);
export type AdmissionRefusal = z.infer<typeof admissionRefusal>;

/** The client certificate of a TLS connection whose chain was verified; never an unverified one. */
export const clientCertificate = z.strictObject({
  commonName: z.string(),
  /** Lower-case hexadecimal, no colons. */
  serialNumber: z.string(),
  issuer: z.string(),
  /** SHA-256 of the DER, lower-case hexadecimal. */
  fingerprint: z.string(),
});

/** Asked by an edge once for every CONNECT. */
export const admitDevice = requestContract({
  subject: 'auth.v1.admit',
  // Longer than auth itself waits for the registry or for a customer's authenticator.
  timeoutMs: 9_000,
  request: z.strictObject({
    gatewayId,
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
      /** When the verdict must be asked for again; null while nothing limits it. */
      expiresAt: z.iso.datetime().nullable(),
    }),
    z.strictObject({ outcome: z.literal('refused'), reason: admissionRefusal }),
  ]),
});

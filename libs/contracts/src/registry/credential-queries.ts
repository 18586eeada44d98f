import { z } from 'zod';
import { requestContract } from '../request-contract.ts';

/**
 * Version of the device's stream at which its credentials were set last: a session that was admitted under an
 * older one is over. A device that is deleted and imported again goes on counting.
 */
export const credentialVersion = z.int().nonnegative().optional();

/** A salted password hash with the settings that made it (RFC 7914). */
export const passwordHash = z.strictObject({
  algorithm: z.literal('scrypt'),
  /** CPU and memory cost N, a power of two. */
  cost: z.int().min(2),
  blockSize: z.int().min(1),
  parallelization: z.int().min(1),
  salt: z.base64(),
  hash: z.base64(),
});
export type PasswordHash = z.infer<typeof passwordHash>;

/** What auth needs to judge a user name at a gateway of imported credentials. Only auth may ask. */
export const findCredential = requestContract({
  subject: 'registry.v1.find-credential',
  timeoutMs: 3_000,
  request: z.strictObject({ gatewayId: z.string(), username: z.string() }),
  reply: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('unknown-gateway') }),
    z.strictObject({ outcome: z.literal('unknown-device'), productKey: z.string() }),
    z.strictObject({
      outcome: z.literal('found'),
      productKey: z.string(),
      deviceName: z.string(),
      isDisabled: z.boolean(),
      credentialVersion,
      password: passwordHash,
    }),
  ]),
});

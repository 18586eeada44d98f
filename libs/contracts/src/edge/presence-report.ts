import { z } from 'zod';
import { credentialVersion } from '../registry/credential-queries.ts';

/**
 * What an edge reports of its connections: payload of the stream PRESENCE is an array of these.
 * `session` is the session number: the revision of the device's entry in the bucket `sessions`.
 */
export const presenceReport = z.strictObject({
  type: z.enum(['connected', 'disconnected']),
  gatewayId: z.string(),
  productKey: z.string(),
  deviceName: z.string(),
  session: z.int().positive(),
  /** Under which it was admitted; of `connected` only. */
  credentialVersion,
  edgeId: z.string(),
  at: z.iso.datetime(),
  clientId: z.string(),
  remoteAddress: z.string(),
  protocolVersion: z.union([z.literal(3), z.literal(4), z.literal(5)]),
  /** Why the connection ended; of `disconnected` only. */
  reason: z.string().optional(),
  traceparent: z.string().optional(),
});
export type PresenceReport = z.infer<typeof presenceReport>;
export const presenceReports = z.array(presenceReport).max(10_000);

/** An entry of the bucket `sessions`, key as `sessionKey` makes it. */
export const sessionEntry = z.strictObject({
  edgeId: z.string(),
  gatewayId: z.string(),
  connectedAt: z.iso.datetime(),
  /** Under which it was admitted. */
  credentialVersion,
});
export type SessionEntry = z.infer<typeof sessionEntry>;

/** An entry of the bucket `edges`, key = the edge's id. */
export const edgeEntry = z.strictObject({
  startedAt: z.iso.datetime(),
  connections: z.int().nonnegative(),
  listeners: z.array(
    z.strictObject({
      gatewayId: z.string(),
      /** Version of the gateway's stream in the registry that the listener serves. */
      version: z.int().nonnegative(),
      status: z.enum(['listening', 'failed']),
      reason: z.string().optional(),
    }),
  ),
});
export type EdgeEntry = z.infer<typeof edgeEntry>;

import { z } from 'zod';
import { ocspMode } from '../http/gateway-resource.ts';
import { gatewayRevocation, gatewayTls } from '../http/gateway-tls.ts';
import { gatewayLimits } from '../http/gateway-limits.ts';
import { topicPermissions } from '../http/topic-permission.ts';
import { requestContract } from '../request-contract.ts';

/** All that an edge must know to listen for a gateway. Holds a private key: only edges may ask. */
export const gatewayListener = z.strictObject({
  gatewayId: z.string(),
  productKey: z.string(),
  name: z.string(),
  port: z.int().min(1024).max(65_535),
  hostname: z.string().nullable(),
  /** Version of the gateway's stream; grows with each change. */
  version: z.int().positive(),
  serverCertificate: z.string(),
  serverPrivateKey: z.string(),
  /** A second chain with a key of another type (RSA beside ECDSA), for clients that cannot verify the first. */
  alternativeServerCertificate: z.string().nullable(),
  alternativeServerPrivateKey: z.string().nullable(),
  /** PEM: the roots that OCSP answers about the server's certificates are verified with. Null without stapling. */
  trustedCertificate: z.string().nullable(),
  tls: gatewayTls,
  ocsp: ocspMode,
  revocation: gatewayRevocation,
  /** PEM of all device roots in force, with their intermediates; devices must show a certificate that chains to one. Null without X.509. */
  deviceRootCertificate: z.string().nullable(),
  /**
   * The version at which it last changed who is admitted (another authenticator, another device root):
   * sessions that were admitted before are ended.
   */
  admissionVersion: z.int().positive(),
  limits: gatewayLimits,
  permissions: topicPermissions,
});
export type GatewayListener = z.infer<typeof gatewayListener>;

export const listGateways = requestContract({
  subject: 'registry.v1.list-gateways',
  timeoutMs: 5_000,
  request: z.strictObject({ after: z.string().optional() }),
  reply: z.strictObject({ gateways: z.array(gatewayListener), next: z.string().nullable() }),
});

export const getGateway = requestContract({
  subject: 'registry.v1.get-gateway',
  timeoutMs: 5_000,
  request: z.strictObject({ gatewayId: z.string() }),
  reply: z.strictObject({ gateway: gatewayListener.nullable() }),
});

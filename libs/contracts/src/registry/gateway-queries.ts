import { z } from 'zod';
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

import { z } from 'zod';
import { gatewayAuthentication } from '../http/gateway-authentication.ts';
import { requestContract } from '../request-contract.ts';
import { credentialVersion } from './credential-queries.ts';

/** How a gateway wants its devices admitted. Holds the secret of an access key: only auth may ask. */
export const gatewayAdmission = z.strictObject({
  gatewayId: z.string(),
  productKey: z.string(),
  /** Version of the gateway's stream. */
  version: z.int().positive(),
  authentication: gatewayAuthentication,
  /** Of the access key of a function; null when there is none. */
  accessKeySecret: z.string().nullable(),
  x509: z.strictObject({ enabled: z.boolean(), commonNameMustEqualUsername: z.boolean() }),
});
export type GatewayAdmission = z.infer<typeof gatewayAdmission>;

export const getGatewayAdmission = requestContract({
  subject: 'registry.v1.get-gateway-admission',
  timeoutMs: 3_000,
  request: z.strictObject({ gatewayId: z.string() }),
  reply: z.strictObject({ admission: gatewayAdmission.nullable() }),
});

/**
 * The device that an authenticator named, made when it is not there yet (`DeviceCreated`, once however many
 * ask). Only auth may ask.
 */
export const ensureDevice = requestContract({
  subject: 'registry.v1.ensure-device',
  timeoutMs: 3_000,
  request: z.strictObject({ gatewayId: z.string(), deviceName: z.string() }),
  reply: z.discriminatedUnion('outcome', [
    z.strictObject({ outcome: z.literal('unknown-gateway') }),
    z.strictObject({
      outcome: z.literal('ready'),
      productKey: z.string(),
      deviceName: z.string(),
      isDisabled: z.boolean(),
      credentialVersion,
      isNew: z.boolean(),
    }),
  ]),
});

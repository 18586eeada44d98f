import { z } from 'zod';

export const DEFAULT_GATEWAY_TLS = { minVersion: '1.2' } as const;

/** What of TLS is a gateway's own choice. */
export const gatewayTls = z.strictObject({
  minVersion: z.enum(['1.2', '1.3']).describe('The oldest version of TLS that devices may speak'),
});
export type GatewayTls = z.infer<typeof gatewayTls>;

export const DEFAULT_REVOCATION = {
  scope: 'leaf',
  onUnknown: 'allow',
  responderUrl: null,
} as const;

const fields = {
  scope: z
    .enum(['leaf', 'chain'])
    .describe(
      'Whose status is asked for when a device connects: of its certificate, or of all below the root',
    ),
  onUnknown: z
    .enum(['allow', 'refuse'])
    .describe('What becomes of a device whose status nobody knows; a revoked one is refused in any case'),
  responderUrl: z
    .string()
    .max(2_048)
    .regex(/^https?:\/\//, 'must start with http:// or https://')
    .nullable()
    .describe('The OCSP responder of the server certificate, instead of the one that it names'),
};

/** How OCSP is used where `ocsp` switches it on. */
export const gatewayRevocation = z.strictObject(fields);
export type GatewayRevocation = z.infer<typeof gatewayRevocation>;
export const gatewayRevocationInput = z.strictObject({
  scope: fields.scope.default(DEFAULT_REVOCATION.scope),
  onUnknown: fields.onUnknown.default(DEFAULT_REVOCATION.onUnknown),
  responderUrl: fields.responderUrl.default(DEFAULT_REVOCATION.responderUrl),
});
export const gatewayRevocationPatch = gatewayRevocation.partial();

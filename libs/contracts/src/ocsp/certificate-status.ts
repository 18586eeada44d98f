import { z } from 'zod';
import { requestContract } from '../request-contract.ts';

/** Is this client certificate revoked? RFC 6960's words; `unknown` says why. */
export const certificateStatus = requestContract({
  subject: 'ocsp.v1.status',
  timeoutMs: 5_000,
  request: z.strictObject({
    /** Leaf first, PEM. */
    chain: z.array(z.string()).min(1).max(16),
  }),
  reply: z.discriminatedUnion('status', [
    z.strictObject({ status: z.literal('good'), nextUpdate: z.iso.datetime() }),
    z.strictObject({
      status: z.literal('revoked'),
      revokedAt: z.iso.datetime(),
      /** CRLReason of RFC 5280 §5.3.1, verbatim. */
      reason: z.string().optional(),
      nextUpdate: z.iso.datetime(),
    }),
    z.strictObject({ status: z.literal('unknown'), reason: z.string() }),
  ]),
});

/** The OCSP response to staple to a server certificate (RFC 6066 §8). */
export const certificateStaple = requestContract({
  subject: 'ocsp.v1.staple',
  timeoutMs: 5_000,
  request: z.strictObject({ gatewayId: z.string(), chain: z.array(z.string()).min(1).max(16) }),
  reply: z.discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('staple'),
      /** DER of the OCSPResponse, base64. */
      response: z.base64(),
      nextUpdate: z.iso.datetime(),
    }),
    z.strictObject({ outcome: z.literal('none'), reason: z.string() }),
  ]),
});

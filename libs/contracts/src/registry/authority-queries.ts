import { z } from 'zod';
import { requestContract } from '../request-contract.ts';

/**
 * A signed OCSP response for certificates of an authority of ours (RFC 6960): asked by whoever serves a
 * responder. The key stays with the registry.
 */
export const answerOcspRequest = requestContract({
  subject: 'registry.v1.answer-ocsp-request',
  timeoutMs: 3_000,
  request: z.strictObject({
    authorityId: z.string(),
    /** DER of the OCSPRequest, base64; 16 kB at most. */
    request: z.base64().max(21_848),
  }),
  reply: z.discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('answered'),
      /** DER of the OCSPResponse, base64; a refusal such as malformedRequest is one too. */
      response: z.base64(),
      /** How long a cache may keep it, in seconds; 0 for what must not be kept. */
      maxAgeSeconds: z.int().nonnegative(),
    }),
    z.strictObject({ outcome: z.literal('unknown-authority') }),
  ]),
});

/** The current CRL of an authority of ours (RFC 5280 §5). */
export const getCertificateRevocationList = requestContract({
  subject: 'registry.v1.get-crl',
  timeoutMs: 3_000,
  request: z.strictObject({ authorityId: z.string() }),
  reply: z.discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('found'),
      /** DER, base64. */
      crl: z.base64(),
      nextUpdate: z.iso.datetime(),
    }),
    z.strictObject({ outcome: z.literal('unknown-authority') }),
  ]),
});

import { z } from 'zod';
import { requestContract } from '../request-contract.ts';

const MAX_CHAIN = 16;
const pem = z.string().max(65_536);

/**
 * Is this client certificate, or one above it, revoked? RFC 6960's words; `unknown` says why nobody knows.
 * The verdict holds until `validUntil`: then live sessions ask again.
 */
export const certificateStatus = requestContract({
  subject: 'ocsp.v1.status',
  timeoutMs: 6_000,
  request: z.strictObject({
    gatewayId: z.string(),
    /** End-entity first, then each one's issuer up to the root; all of them verified by TLS. */
    chain: z.array(pem).min(1).max(MAX_CHAIN),
    /** `chain` asks for the intermediates too. */
    scope: z.enum(['leaf', 'chain']),
  }),
  reply: z.discriminatedUnion('status', [
    z.strictObject({
      status: z.literal('good'),
      validUntil: z.iso.datetime(),
      /** Where the answer came from. */
      source: z.enum(['ocsp', 'crl']),
    }),
    z.strictObject({
      status: z.literal('revoked'),
      revokedAt: z.iso.datetime(),
      /** CRLReason of RFC 5280 §5.3.1, verbatim. */
      reason: z.string().optional(),
      /** Lower-case hexadecimal: which of the chain. */
      serialNumber: z.string(),
      validUntil: z.iso.datetime(),
      source: z.enum(['ocsp', 'crl']),
    }),
    z.strictObject({
      status: z.literal('unknown'),
      /** For people: no responder named, no answer, an answer that cannot be trusted and why. */
      reason: z.string(),
      validUntil: z.iso.datetime(),
    }),
  ]),
});
export type CertificateStatus = z.infer<(typeof certificateStatus)['reply']>;

/** The OCSP response to staple to a server certificate (RFC 6066 §8). */
export const certificateStaple = requestContract({
  subject: 'ocsp.v1.staple',
  timeoutMs: 6_000,
  request: z.strictObject({
    gatewayId: z.string(),
    /** Of the server certificate, end-entity first; without the root. */
    chain: z.array(pem).min(1).max(MAX_CHAIN),
    /** Roots that its answers are verified with, PEM. */
    trustedCertificate: pem,
    /** Asked instead of the responder that the certificate names. */
    responderUrl: z.string().nullable(),
  }),
  reply: z.discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('staple'),
      /** DER of the OCSPResponse, base64. */
      response: z.base64(),
      /** RFC 6960's words: a staple that says `revoked` is served too. */
      status: z.enum(['good', 'revoked', 'unknown']),
      producedAt: z.iso.datetime(),
      thisUpdate: z.iso.datetime(),
      /** Null: the responder promises no newer one. */
      nextUpdate: z.iso.datetime().nullable(),
      /** Why there is no newer one although it was asked for; null when nothing went wrong. */
      lastError: z.string().nullable(),
      /** Served until then, and not a moment longer. */
      validUntil: z.iso.datetime(),
      /** When to ask here again. */
      askAgainAt: z.iso.datetime(),
    }),
    z.strictObject({
      outcome: z.literal('none'),
      reason: z.string(),
      /** When the last one ended; null: there was none. */
      endedAt: z.iso.datetime().nullable(),
      askAgainAt: z.iso.datetime(),
    }),
  ]),
});
export type CertificateStaple = z.infer<(typeof certificateStaple)['reply']>;

import { z } from 'zod';
import { pageOf } from './page.ts';

/** RFC 5280 §5.3.1; those that a CA of devices has use for. */
export const revocationReason = z.enum([
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
]);
export type RevocationReason = z.infer<typeof revocationReason>;

const commonName = z
  .string()
  .min(1, 'must have at least 1 character')
  .max(64, 'must have at most 64 characters')
  .refine((text) => !/\p{Cc}|\p{Cs}/u.test(text), { error: 'may not hold control characters' });

/** Body of POST /authorities: a certification authority of one's own, its key sealed in the registry. */
export const authorityInput = z.strictObject({
  commonName,
  days: z.int().min(1).max(7_300).default(3_650).describe('How long its certificate is valid'),
});
export type AuthorityInput = z.infer<typeof authorityInput>;

export const authorityView = z.strictObject({
  authorityId: z.string(),
  commonName: z.string(),
  certificate: z.string().describe('Its self-signed certificate, PEM: the device root of a gateway'),
  ocspUrl: z.string().describe('Its OCSP responder, named in every certificate that it issues'),
  crlUrl: z.string().describe('Its list of revoked certificates, named likewise'),
  notAfter: z.iso.datetime(),
  createdAt: z.iso.datetime(),
});
export type AuthorityView = z.infer<typeof authorityView>;
export const authorityPage = pageOf(authorityView);

/** Body of POST /authorities/{authorityId}/certificates. */
export const certificateRequestInput = z.strictObject({
  csr: z.string().max(16_384).describe('PKCS #10 in PEM (RFC 2986); its signature is checked'),
  usage: z.enum(['client', 'server']).default('client'),
  days: z.int().min(1).max(3_650).default(365),
});
export type CertificateRequestInput = z.infer<typeof certificateRequestInput>;

export const issuedCertificateView = z.strictObject({
  serialNumber: z.string().describe('Lower-case hexadecimal'),
  commonName: z.string(),
  usage: z.enum(['client', 'server']),
  certificate: z.string().describe('PEM'),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  revokedAt: z.iso.datetime().nullable(),
  revocationReason: revocationReason.nullable(),
});
export type IssuedCertificateView = z.infer<typeof issuedCertificateView>;
export const issuedCertificatePage = pageOf(issuedCertificateView);

/** Body of POST /authorities/{authorityId}/certificates/{serialNumber}:revoke. */
export const revocationInput = z.strictObject({ reason: revocationReason.default('unspecified') });
export type RevocationInput = z.infer<typeof revocationInput>;

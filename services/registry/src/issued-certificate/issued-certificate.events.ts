import { revocationReason } from '@gatehouse/contracts';
import { z } from 'zod';

const certificateIssued = z.strictObject({
  type: z.literal('CertificateIssued'),
  data: z.strictObject({
    authorityId: z.string(),
    /** Lower-case hexadecimal. */
    serialNumber: z.string(),
    commonName: z.string(),
    usage: z.enum(['client', 'server']),
    /** PEM. */
    certificate: z.string(),
    notBefore: z.iso.datetime(),
    notAfter: z.iso.datetime(),
  }),
});

const certificateRevoked = z.strictObject({
  type: z.literal('CertificateRevoked'),
  data: z.strictObject({
    authorityId: z.string(),
    serialNumber: z.string(),
    reason: revocationReason,
    revokedAt: z.iso.datetime(),
  }),
});

export const issuedCertificateEvent = z.discriminatedUnion('type', [certificateIssued, certificateRevoked]);
export type IssuedCertificateEvent = z.infer<typeof issuedCertificateEvent>;
export type CertificateIssued = z.infer<typeof certificateIssued>;

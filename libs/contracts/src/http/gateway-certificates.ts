import { z } from 'zod';

const MAX_PEM_CHARACTERS = 65_536;
const pem = z.string().max(MAX_PEM_CHARACTERS);

/** PEM; the private key goes in and never comes out. */
export const gatewayCertificatesInput = z.strictObject({
  serverCertificate: pem.describe('End-entity certificate first'),
  serverPrivateKey: pem.describe('Without passphrase; goes in and never comes out'),
  alternativeServerCertificate: pem
    .optional()
    .describe('A second chain, with a key of another type: RSA beside ECDSA'),
  alternativeServerPrivateKey: pem.optional().describe('Goes in and never comes out'),
  deviceRootCertificate: pem
    .optional()
    .describe('With X.509 only: intermediates from the device upwards, the root last'),
  trustedCertificate: pem
    .optional()
    .describe('With server-side OCSP only: the root that its answers are verified with'),
});

/** What is left out stays; a server certificate comes with its key. */
export const gatewayCertificatesPatch = gatewayCertificatesInput.partial().extend({
  /** Null takes the second chain away. */
  alternativeServerCertificate: pem.nullish(),
  alternativeServerPrivateKey: pem.nullish(),
});
export type GatewayCertificatesPatch = z.infer<typeof gatewayCertificatesPatch>;

/** What a certificate says; fingerprint = SHA-256 of the DER; hexadecimal is lower-case without colons. */
export const certificateFacts = z.strictObject({
  subject: z.string(),
  issuer: z.string(),
  serialNumber: z.string().describe('Hexadecimal'),
  fingerprint: z.string().describe('SHA-256 of the DER, hexadecimal'),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
});
export type CertificateFacts = z.infer<typeof certificateFacts>;

export const certificateDetails = certificateFacts.extend({
  key: z.strictObject({
    type: z.string().describe('Such as `rsa`, `ec`, `ed25519`'),
    bits: z.int().nullable().describe('Of the modulus, for RSA'),
    curve: z.string().nullable().describe('Such as `P-256`, for elliptic curves'),
  }),
  isCertificateAuthority: z.boolean(),
  subjectAlternativeNames: z
    .string()
    .nullable()
    .describe('As OpenSSL writes it, such as `DNS:mqtt.example.com`; null when there is none'),
});
export type CertificateDetails = z.infer<typeof certificateDetails>;

const certificateChain = z.strictObject({
  pem: z.string(),
  chain: z.array(certificateDetails).describe('In the order of the PEM'),
  expiresAt: z.iso.datetime().describe('When the first of them expires'),
});
export type CertificateChainView = z.infer<typeof certificateChain>;

/** The answer of GET /gateways/{gatewayId}/certificates. */
export const gatewayCertificatesView = z.strictObject({
  gatewayId: z.string(),
  serverCertificate: certificateChain,
  deviceRootCertificate: certificateChain.nullable(),
  trustedCertificate: certificateChain.nullable(),
});
export type GatewayCertificatesView = z.infer<typeof gatewayCertificatesView>;

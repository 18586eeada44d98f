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

/** Server chains that were in force together. */
const certificateGeneration = z.strictObject({
  version: z.int().positive().describe('Of the gateway, when they were first taken into use'),
  usedFrom: z.iso.datetime(),
  serverCertificate: certificateChain,
  alternativeServerCertificate: certificateChain.nullable(),
});
export type CertificateGenerationView = z.infer<typeof certificateGeneration>;

/** A root that client certificates may chain to. */
export const deviceRootView = z.strictObject({
  fingerprint: z.string().describe('Of the root: SHA-256 of the DER, hexadecimal'),
  enabled: z.boolean().describe('Whether certificates below it are accepted'),
  ...certificateChain.shape,
});
export type DeviceRootView = z.infer<typeof deviceRootView>;

/** The answer of GET /gateways/{gatewayId}/device-roots, in the order in which they were added. */
export const deviceRootsView = z.strictObject({
  gatewayId: z.string(),
  version: z.int().positive().describe('Of the gateway; the ETag'),
  items: z.array(deviceRootView),
});
export type DeviceRootsView = z.infer<typeof deviceRootsView>;

/** Body of POST /gateways/{gatewayId}/device-roots. */
export const deviceRootInput = z.strictObject({
  certificate: pem.describe('Intermediates from the device upwards, the root last'),
  enabled: z.boolean().default(true),
});
export type DeviceRootInput = z.infer<typeof deviceRootInput>;

/** Body of PATCH /gateways/{gatewayId}/device-roots/{fingerprint}. */
export const deviceRootPatch = z.strictObject({ enabled: z.boolean() });
export type DeviceRootPatch = z.infer<typeof deviceRootPatch>;

const mustStaple = z
  .boolean()
  .describe('Whether the certificate promises a staple (RFC 7633): without one, clients that mind refuse it');

/** The OCSP response that edges staple to a server certificate, as ocsp knows it. */
const stapleStatus = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('staple'),
    status: z.enum(['good', 'revoked', 'unknown']).describe('What the responder says of the certificate'),
    mustStaple,
    producedAt: z.iso.datetime(),
    thisUpdate: z.iso.datetime(),
    nextUpdate: z.iso.datetime().nullable().describe('Null when the responder promises no newer one'),
    validUntil: z.iso.datetime().describe('Stapled until then'),
    lastError: z.string().nullable().describe('Why there is no newer one yet; null when all is well'),
  }),
  z.strictObject({
    outcome: z.literal('expired'),
    mustStaple,
    endedAt: z.iso.datetime().describe('Nothing is stapled since then'),
    lastError: z.string().describe('Why there is no newer one'),
  }),
  z.strictObject({
    outcome: z.literal('none'),
    mustStaple,
    lastError: z.string().describe('Why there has not been one'),
  }),
  z.strictObject({
    outcome: z.literal('not-known'),
    mustStaple,
    lastError: z.string().describe('Why ocsp could not be asked'),
  }),
]);
export type StapleStatusView = z.infer<typeof stapleStatus>;

/** The answer of GET /gateways/{gatewayId}/certificates. */
export const gatewayCertificatesView = z.strictObject({
  gatewayId: z.string(),
  version: z.int().positive().describe('Of the gateway; the ETag'),
  serverCertificate: certificateChain,
  alternativeServerCertificate: certificateChain.nullable(),
  deviceRootCertificate: certificateChain.nullable().describe('Of the device roots that are switched on'),
  deviceRoots: z.array(deviceRootView),
  trustedCertificate: certificateChain.nullable(),
  staple: stapleStatus
    .nullable()
    .describe(
      'What edges staple to the server certificate. Null when the gateway does not staple, and where a change is answered',
    ),
  alternativeStaple: stapleStatus.nullable().describe('The same of the alternative one'),
  generations: z
    .array(certificateGeneration)
    .describe('Server chains in force and up to three before them, newest first'),
});
export type GatewayCertificatesView = z.infer<typeof gatewayCertificatesView>;

/** Body of POST /gateways/{gatewayId}/certificates:check. What is left out is not checked; a key may be. */
export const certificatesCheckInput = z.strictObject({
  serverCertificate: pem.optional(),
  serverPrivateKey: pem.optional(),
  alternativeServerCertificate: pem.optional(),
  alternativeServerPrivateKey: pem.optional(),
  deviceRootCertificate: pem.optional(),
  trustedCertificate: pem.optional(),
});
export type CertificatesCheckInput = z.infer<typeof certificatesCheckInput>;

const certificateFinding = z.strictObject({
  code: z.string(),
  path: z.string().describe('Such as `certificates.serverCertificate`'),
  message: z.string(),
});
export type CertificateFinding = z.infer<typeof certificateFinding>;
const checkedChain = certificateChain.extend({
  pem: z.string().describe('In the right order, as it would be stored'),
});

export const certificatesCheckResult = z.strictObject({
  usable: z.boolean().describe('Whether nothing is wrong with what was given'),
  problems: z
    .array(certificateFinding)
    .describe('What an upload would be refused for; codes of docs/errors.md'),
  warnings: z.array(certificateFinding).describe('What would be taken, and may surprise'),
  serverCertificate: checkedChain.nullable(),
  alternativeServerCertificate: checkedChain.nullable(),
  deviceRootCertificate: checkedChain.nullable(),
  trustedCertificate: checkedChain.nullable(),
});
export type CertificatesCheckResult = z.infer<typeof certificatesCheckResult>;

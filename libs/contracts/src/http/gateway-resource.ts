import { z } from 'zod';
import { pageOf } from './page.ts';

const WIDE_CHARACTER = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々〆]/u;
const NAME_CHARACTERS = /^[A-Za-z0-9_\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々〆]+$/u;

/** The length of a gateway's name: Chinese and Japanese characters count 2, all others 1. */
export function gatewayNameLength(name: string): number {
  let length = 0;
  for (const character of name) length += WIDE_CHARACTER.test(character) ? 2 : 1;
  return length;
}

/** 4 to 30 (Chinese and Japanese characters count 2): letters, digits, `_`, Chinese, Japanese. */
export const gatewayName = z
  .string()
  .max(30, 'must have a length of at most 30')
  .refine((name) => NAME_CHARACTERS.test(name), {
    error: 'may hold letters, digits, _ and Chinese or Japanese characters only',
  })
  .refine((name) => gatewayNameLength(name) >= 4 && gatewayNameLength(name) <= 30, {
    error: 'must have a length of 4 to 30; Chinese and Japanese characters count 2',
  });

export const DEFAULT_GATEWAY_PORT = 1883;
export const gatewayPort = z.int().min(1024).max(65_535);

/** RFC 1123 host name, lower-case: what a device puts into SNI. */
export const gatewayHostname = z
  .string()
  .max(253, 'must have at most 253 characters')
  .regex(
    /^(?=.*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'must be a host name in lower case, such as mqtt.example.com',
  );

export const topicSpace = z.enum(['isolated', 'shared']);
export const ocspMode = z.enum(['disabled', 'server', 'client', 'client-and-server']);
export const gatewayAuthentication = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('one-way') }),
  z.looseObject({ type: z.literal('third-party') }),
]);

const MAX_PEM_CHARACTERS = 65_536;
const pem = z.string().max(MAX_PEM_CHARACTERS);

/** PEM, end-entity certificate first; the private key goes in and never comes out. */
export const gatewayCertificatesInput = z.strictObject({
  serverCertificate: pem,
  serverPrivateKey: pem,
  deviceRootCertificate: pem.optional(),
  trustedCertificate: pem.optional(),
});

/** Body of POST /gateways. */
export const gatewayInput = z.strictObject({
  name: gatewayName,
  port: gatewayPort.default(DEFAULT_GATEWAY_PORT),
  hostname: gatewayHostname.nullable().default(null),
  topicSpace: topicSpace.default('isolated'),
  parsing: z.strictObject({ enabled: z.boolean() }).default({ enabled: false }),
  authentication: gatewayAuthentication.default({ type: 'one-way' }),
  x509: z.strictObject({ enabled: z.boolean() }).default({ enabled: false }),
  ocsp: ocspMode.default('disabled'),
  certificates: gatewayCertificatesInput,
});
export type GatewayInput = z.infer<typeof gatewayInput>;

/** Body of PATCH /gateways/{gatewayId}; what is left out stays. Port, host name and topic space stay for life. */
export const gatewayPatch = z.strictObject({
  name: gatewayName.optional(),
  parsing: z.strictObject({ enabled: z.boolean() }).optional(),
  authentication: gatewayAuthentication.optional(),
  x509: z.strictObject({ enabled: z.boolean() }).optional(),
  ocsp: ocspMode.optional(),
  certificates: gatewayCertificatesInput.optional(),
});
export type GatewayPatch = z.infer<typeof gatewayPatch>;

/** What a certificate says; fingerprint = SHA-256 of the DER; hexadecimal is lower-case without colons. */
export const certificateFacts = z.strictObject({
  subject: z.string(),
  issuer: z.string(),
  serialNumber: z.string(),
  fingerprint: z.string(),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
});
export type CertificateFacts = z.infer<typeof certificateFacts>;

export const gatewayStatus = z.enum(['starting', 'listening', 'failed']);
export type GatewayStatus = z.infer<typeof gatewayStatus>;

export const gatewayView = z.strictObject({
  gatewayId: z.string(),
  name: z.string(),
  port: gatewayPort,
  hostname: z.string().nullable(),
  /** `mqtts://host:port` */
  url: z.string(),
  status: gatewayStatus,
  /** Why it failed; null unless it did. */
  statusReason: z.string().nullable(),
  topicSpace,
  parsing: z.strictObject({ enabled: z.boolean() }),
  authentication: z.strictObject({ type: z.literal('one-way') }),
  x509: z.strictObject({ enabled: z.boolean() }),
  ocsp: ocspMode,
  certificates: z.strictObject({
    /** PEM as it was given. */
    serverCertificate: z.string(),
    /** Facts of each certificate of the chain, end-entity first. */
    serverCertificateChain: z.array(certificateFacts),
  }),
  productKey: z.string(),
  productName: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type GatewayView = z.infer<typeof gatewayView>;
export const gatewayPage = pageOf(gatewayView);

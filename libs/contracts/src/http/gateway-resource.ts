import { z } from 'zod';
import {
  gatewayAuthentication,
  gatewayAuthenticationInput,
  gatewayAuthenticationPatch,
} from './gateway-authentication.ts';
import {
  certificateFacts,
  gatewayCertificatesInput,
  gatewayCertificatesPatch,
} from './gateway-certificates.ts';
import {
  DEFAULT_GATEWAY_LIMITS,
  gatewayLimits,
  gatewayLimitsInput,
  gatewayLimitsPatch,
} from './gateway-limits.ts';
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

/** RFC 1123 §2.1 host name, what a device puts into SNI; kept in lower case. An IPv4 address is none. */
export const gatewayHostname = z
  .string()
  .toLowerCase()
  .max(253, 'must have at most 253 characters')
  .regex(
    /^(?!(?:.*\.)?\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'must be a host name, such as mqtt.example.com',
  );

/** `isolated`: every device has a topic space of its own; `shared`: the gateway's devices share one. */
export const topicSpace = z.enum(['isolated', 'shared']);
export type TopicSpace = z.infer<typeof topicSpace>;
/** Whose certificates' status is proven or checked by OCSP (RFC 6960): the server's, the clients', both. */
export const ocspMode = z.enum(['disabled', 'server', 'client', 'client-and-server']);
export type OcspMode = z.infer<typeof ocspMode>;
/**
 * With X.509 a device must show a certificate that chains to the device root. `commonNameMustEqualUsername`
 * goes with one-way authentication only: its user name then has to be the certificate's common name.
 */
export const gatewayX509 = z.strictObject({
  enabled: z.boolean(),
  commonNameMustEqualUsername: z.boolean(),
});
const gatewayX509Input = z.strictObject({
  enabled: z.boolean(),
  commonNameMustEqualUsername: z.boolean().default(false),
});
/** Body of POST /gateways. */
export const gatewayInput = z.strictObject({
  name: gatewayName,
  port: gatewayPort.default(DEFAULT_GATEWAY_PORT),
  hostname: gatewayHostname.nullable().default(null),
  topicSpace: topicSpace.default('isolated'),
  parsing: z.strictObject({ enabled: z.boolean() }).default({ enabled: false }),
  authentication: gatewayAuthenticationInput.default({ type: 'one-way' }),
  x509: gatewayX509Input.default({ enabled: false, commonNameMustEqualUsername: false }),
  ocsp: ocspMode.default('disabled'),
  limits: gatewayLimitsInput.default(DEFAULT_GATEWAY_LIMITS),
  certificates: gatewayCertificatesInput,
});
export type GatewayInput = z.infer<typeof gatewayInput>;

/**
 * Body of PATCH /gateways/{gatewayId}; what is left out stays. Port, host name, topic space, the type of the
 * authentication and the X.509 switch stay for life: they may be given as they are.
 */
export const gatewayPatch = z.strictObject({
  name: gatewayName.optional(),
  port: gatewayPort.optional(),
  hostname: gatewayHostname.nullable().optional(),
  topicSpace: topicSpace.optional(),
  parsing: z.strictObject({ enabled: z.boolean() }).optional(),
  authentication: gatewayAuthenticationPatch.optional(),
  x509: gatewayX509.partial().optional(),
  ocsp: ocspMode.optional(),
  limits: gatewayLimitsPatch.optional(),
  certificates: gatewayCertificatesPatch.optional(),
});
export type GatewayPatch = z.infer<typeof gatewayPatch>;

export const gatewayStatus = z.enum(['starting', 'listening', 'failed']);
export type GatewayStatus = z.infer<typeof gatewayStatus>;

/** What a reader must know who takes the gateway's settings at their word. */
export const gatewayNotice = z.strictObject({
  /** Such as `client-certificates-not-verified`. */
  code: z.string(),
  message: z.string(),
});
export type GatewayNotice = z.infer<typeof gatewayNotice>;

export const gatewayView = z.strictObject({
  gatewayId: z.string(),
  /** Grows with each change; the ETag of the gateway. */
  version: z.int().positive(),
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
  authentication: gatewayAuthentication,
  x509: gatewayX509,
  ocsp: ocspMode,
  limits: gatewayLimits,
  certificates: z.strictObject({
    /** PEM as it was given. */
    serverCertificate: z.string(),
    /** Facts of each certificate of the chain, end-entity first. */
    serverCertificateChain: z.array(certificateFacts),
    /** PEM; null unless X.509 is on. */
    deviceRootCertificate: z.string().nullable(),
    /** PEM; null unless OCSP is on for the server. */
    trustedCertificate: z.string().nullable(),
  }),
  notices: z.array(gatewayNotice),
  productKey: z.string(),
  productName: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type GatewayView = z.infer<typeof gatewayView>;
export const gatewayPage = pageOf(gatewayView);

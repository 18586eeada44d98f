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
import {
  DEFAULT_GATEWAY_TLS,
  DEFAULT_REVOCATION,
  gatewayRevocation,
  gatewayRevocationInput,
  gatewayRevocationPatch,
  gatewayTls,
} from './gateway-tls.ts';
import { onParsingFailure } from '../registry/parsing-queries.ts';
import { pageOf } from './page.ts';

const WIDE_CHARACTER = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々〆]/u;
const NAME_CHARACTERS = /^[A-Za-z0-9_\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー々〆]+$/u;

/** The length of a gateway's name: Chinese and Japanese characters count 2, all others 1. */
export function gatewayNameLength(name: string): number {
  let length = 0;
  for (const character of name) length += WIDE_CHARACTER.test(character) ? 2 : 1;
  return length;
}

/** Its schema cannot say that some characters count 2: `minLength` is that of two of these. */
export const gatewayName = z
  .string()
  .max(30, 'must have a length of at most 30')
  .regex(NAME_CHARACTERS, 'may hold letters, digits, _ and Chinese or Japanese characters only')
  .refine((name) => gatewayNameLength(name) >= 4 && gatewayNameLength(name) <= 30, {
    error: 'must have a length of 4 to 30; Chinese and Japanese characters count 2',
  })
  .meta({
    minLength: 2,
    description:
      '4 to 30 letters, digits, `_`, Chinese or Japanese characters; Chinese and Japanese ones count 2. ' +
      'No two gateways have the same.',
  });

export const DEFAULT_GATEWAY_PORT = 1883;
export const gatewayPort = z
  .int()
  .min(1024)
  .max(65_535)
  .describe('Where devices connect with TLS. Gateways with host names may share one.');

/** RFC 1123 §2.1 host name, what a device puts into SNI; kept in lower case. An IPv4 address is none. */
export const gatewayHostname = z
  .string()
  .toLowerCase()
  .max(253, 'must have at most 253 characters')
  .regex(
    /^(?!(?:.*\.)?\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'must be a host name, such as mqtt.example.com',
  )
  .describe('What devices name by SNI; null: the gateway has the port for itself');

export const topicSpace = z
  .enum(['isolated', 'shared'])
  .describe(
    "`isolated`: every device has a topic space of its own; `shared`: the gateway's devices share one",
  );
export type TopicSpace = z.infer<typeof topicSpace>;
export const ocspMode = z
  .enum(['disabled', 'server', 'client', 'client-and-server'])
  .describe(
    "Whose certificates' status is proven or checked by OCSP (RFC 6960): the server's, the clients', both. " +
      'Those of clients with X.509 only.',
  );
export type OcspMode = z.infer<typeof ocspMode>;
const PARSING =
  "Whether messages go through the product's parsing script, and what becomes of one that it fails: nothing " +
  '(`drop`), or it goes on as the device sent it, marked (`forward-raw`). Both keep it aside.';
// A default, for answers to repeated requests that were kept before there was the choice.
const gatewayParsing = z
  .strictObject({ enabled: z.boolean(), onFailure: onParsingFailure.default('drop') })
  .describe(PARSING);
const gatewayParsingPatch = z
  .strictObject({ enabled: z.boolean().optional(), onFailure: onParsingFailure.optional() })
  .describe(PARSING);
const X509_SWITCH =
  'Whether devices show a certificate that chains to deviceRootCertificate, besides their credentials. ' +
  '`commonNameMustEqualUsername` goes with one-way authentication: the user name has to be the common name.';
export const gatewayX509 = z
  .strictObject({ enabled: z.boolean(), commonNameMustEqualUsername: z.boolean() })
  .describe(X509_SWITCH);
const gatewayX509Input = z
  .strictObject({ enabled: z.boolean(), commonNameMustEqualUsername: z.boolean().default(false) })
  .describe(X509_SWITCH);

/** Body of POST /gateways. */
export const gatewayInput = z.strictObject({
  name: gatewayName,
  port: gatewayPort.default(DEFAULT_GATEWAY_PORT),
  hostname: gatewayHostname.nullable().default(null),
  topicSpace: topicSpace.default('isolated'),
  parsing: gatewayParsing.default({ enabled: false, onFailure: 'drop' }),
  authentication: gatewayAuthenticationInput.default({ type: 'one-way' }),
  x509: gatewayX509Input.default({ enabled: false, commonNameMustEqualUsername: false }),
  ocsp: ocspMode.default('disabled'),
  revocation: gatewayRevocationInput.default(DEFAULT_REVOCATION),
  tls: gatewayTls.default(DEFAULT_GATEWAY_TLS),
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
  parsing: gatewayParsingPatch.optional(),
  authentication: gatewayAuthenticationPatch.optional(),
  x509: gatewayX509.partial().optional(),
  ocsp: ocspMode.optional(),
  revocation: gatewayRevocationPatch.optional(),
  tls: gatewayTls.partial().optional(),
  limits: gatewayLimitsPatch.optional(),
  certificates: gatewayCertificatesPatch.optional(),
});
export type GatewayPatch = z.infer<typeof gatewayPatch>;

export const gatewayStatus = z
  .enum(['starting', 'listening', 'failed'])
  .describe(
    '`starting`: not every edge has said yet; `listening`: all listen; `failed`: one cannot, see statusReason',
  );
export type GatewayStatus = z.infer<typeof gatewayStatus>;

/** What a reader must know who takes the gateway's settings at their word. */
export const gatewayNotice = z.strictObject({
  code: z.string().describe('Such as `certificate-expires-soon`'),
  message: z.string(),
});
export type GatewayNotice = z.infer<typeof gatewayNotice>;

export const gatewayView = z.strictObject({
  gatewayId: z.string(),
  version: z.int().positive().describe('Grows with each change; the ETag of the gateway'),
  name: z.string(),
  port: gatewayPort,
  hostname: z.string().nullable(),
  url: z.string().describe('`mqtts://host:port`'),
  status: gatewayStatus,
  statusReason: z.string().nullable().describe('Why it failed; null unless it did'),
  topicSpace,
  parsing: gatewayParsing,
  authentication: gatewayAuthentication,
  x509: gatewayX509,
  ocsp: ocspMode,
  revocation: gatewayRevocation,
  tls: gatewayTls,
  limits: gatewayLimits,
  certificates: z.strictObject({
    serverCertificate: z.string().describe('PEM as it was given'),
    serverCertificateChain: z
      .array(certificateFacts)
      .describe('Facts of each certificate of the chain, end-entity first'),
    alternativeServerCertificate: z.string().nullable().describe('The second chain, PEM'),
    deviceRootCertificate: z
      .string()
      .nullable()
      .describe('PEM of the device roots that are switched on; null unless X.509 is on'),
    trustedCertificate: z.string().nullable().describe('PEM; null unless OCSP is on for the server'),
  }),
  notices: z.array(gatewayNotice).describe('What may surprise who reads the settings'),
  productKey: z.string(),
  productName: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type GatewayView = z.infer<typeof gatewayView>;
export const gatewayPage = pageOf(gatewayView);

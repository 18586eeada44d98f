import { ConfigurationInvalid, key, readConfig, serviceConfig } from '@gatehouse/nest';
import { addressList, AllowList, outboundSettings } from '@gatehouse/outbound';
import { OCSP_RESPONSE_MAX_BYTES, REVOCATION_LIST_MAX_BYTES } from '@gatehouse/pki';
import { z } from 'zod';

const MIB = 1024 ** 2;
const PRIVATE_ADDRESSES = '127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7';

const ocspConfig = serviceConfig.extend({
  ...outboundSettings,
  /** How long an answer without nextUpdate is used, and the longest pause between questions that had no answer. */
  GATEHOUSE_OCSP_MIN_SECONDS: z.coerce.number().int().min(1).max(604_800).default(300),
  /** How long an answer is used at most; never beyond its nextUpdate. */
  GATEHOUSE_OCSP_MAX_SECONDS: z.coerce.number().int().min(1).max(604_800).default(3_600),
  /** How long one responder may take, from the look-up of its name to the last byte. */
  OCSP_RESPONDER_TIMEOUT_MS: z.coerce.number().int().min(10).max(5_000).default(2_000),
  /** How long all sources together may take before the verdict is `unknown`; edges wait for 6 s. */
  OCSP_TOTAL_TIMEOUT_MS: z.coerce.number().int().min(10).max(5_500).default(5_000),
  OCSP_RESPONSE_MAX_BYTES: z.coerce.number().int().min(1_024).max(OCSP_RESPONSE_MAX_BYTES).default(16_384),
  /** Threads that read and verify what responders answer; each takes some 60 MB. */
  OCSP_THREADS: z.coerce.number().int().min(1).max(64).default(2),
  /** Whether questions about client certificates carry a nonce (RFC 9654), and answers must. */
  OCSP_NONCE: z.enum(['off', 'optional', 'required']).default('optional'),
  /** How far ahead the clock of a responder may be. */
  OCSP_CLOCK_SKEW_SECONDS: z.coerce.number().int().min(0).max(3_600).default(60),
  /** An answer without nextUpdate is too old to be used when its thisUpdate is longer ago than that. */
  OCSP_ANSWER_MAX_AGE_SECONDS: z.coerce.number().int().min(1).max(2_592_000).default(86_400),
  /** The first pause after a question that had no answer; it doubles up to GATEHOUSE_OCSP_MIN_SECONDS. */
  OCSP_RETRY_SECONDS: z.coerce.number().min(0.1).max(3_600).default(30),
  /** Verdicts kept at most; what was not asked for longest makes room. */
  OCSP_VERDICT_CACHE_ENTRIES: z.coerce.number().int().min(1).default(100_000),
  /** How long one CRL may take; who asked waits no longer than OCSP_TOTAL_TIMEOUT_MS and finds it later. */
  OCSP_CRL_TIMEOUT_MS: z.coerce.number().int().min(10).max(120_000).default(15_000),
  OCSP_CRL_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1_024)
    .max(REVOCATION_LIST_MAX_BYTES)
    .default(REVOCATION_LIST_MAX_BYTES),
  /** CRLs kept at most, and their size in memory together (24 bytes for each revoked certificate). */
  OCSP_CRL_CACHE_ENTRIES: z.coerce.number().int().min(1).max(10_000).default(200),
  OCSP_CRL_CACHE_BYTES: z.coerce
    .number()
    .int()
    .min(1_024)
    .default(64 * MIB),
  /** Server certificates whose staples are kept at most. */
  OCSP_STAPLE_CACHE_ENTRIES: z.coerce.number().int().min(1).default(2_000),
  /** A staple that nobody asked for in this time is no longer refreshed. */
  OCSP_STAPLE_INTEREST_SECONDS: z.coerce.number().int().min(1).default(3_600),
  /** Requests about authorities of one's own that are with the registry at once; more are told to try later. */
  OCSP_AUTHORITY_CALLS_AT_ONCE: z.coerce.number().int().min(1).max(10_000).default(128),
  /** How often one address may ask the responder of own authorities; 0: as often as it likes. */
  OCSP_CLIENT_REQUESTS_PER_MINUTE: z.coerce.number().int().min(0).max(1_000_000).default(600),
  /** Addresses and ranges that may ask as often as they like: own services, and proxies in front of this one. */
  OCSP_UNLIMITED_CLIENTS: addressList.default(AllowList.parse(PRIVATE_ADDRESSES)),
  /** Calls to one responder or CRL host at once, and how many may wait for that. */
  OCSP_HOST_CALLS_AT_ONCE: z.coerce.number().int().min(1).max(1_000).default(16),
  OCSP_HOST_CALLS_WAITING: z.coerce.number().int().min(0).max(100_000).default(500),
  /** The breaker of a host opens when more than this share of its calls failed. */
  OCSP_BREAKER_FAILURE_PERCENT: z.coerce.number().int().min(1).max(99).default(50),
  OCSP_BREAKER_WINDOW_SECONDS: z.coerce.number().int().min(1).max(600).default(30),
  /** With fewer calls in that time the breaker stays closed. */
  OCSP_BREAKER_MIN_CALLS: z.coerce.number().int().min(1).max(10_000).default(5),
  /** How long an open breaker lets no call through before it tries one. */
  OCSP_BREAKER_OPEN_MS: z.coerce.number().int().min(1).max(600_000).default(10_000),
});
export type OcspConfig = z.infer<typeof ocspConfig>;
export const OCSP_CONFIG = key<OcspConfig>('OCSP_CONFIG');

/** @throws {ConfigurationInvalid} */
export function readOcspConfig(environment: NodeJS.ProcessEnv = process.env): OcspConfig {
  const config = readConfig(ocspConfig, environment);
  const { GATEHOUSE_OCSP_MIN_SECONDS: minSeconds, GATEHOUSE_OCSP_MAX_SECONDS: maxSeconds } = config;
  if (minSeconds <= maxSeconds) return config;
  // Whoever only wants revocations to be noticed soon need not know of the other setting.
  if (!environment['GATEHOUSE_OCSP_MIN_SECONDS'])
    return { ...config, GATEHOUSE_OCSP_MIN_SECONDS: maxSeconds };
  throw new ConfigurationInvalid([
    {
      path: 'GATEHOUSE_OCSP_MIN_SECONDS',
      message: `is over GATEHOUSE_OCSP_MAX_SECONDS (${maxSeconds})`,
    },
  ]);
}

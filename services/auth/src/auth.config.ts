import { key, readConfig, serviceConfig } from '@gatehouse/nest';
import { outboundSettings } from '@gatehouse/outbound';
import { z } from 'zod';

const authConfig = serviceConfig.extend({
  ...outboundSettings,
  /** Credentials kept at most, and as many devices of authenticators; what was not used for longest makes room. */
  AUTH_CREDENTIAL_CACHE_ENTRIES: z.coerce.number().int().min(1).default(100_000),
  /** How long an answer of the registry is used without asking again. */
  AUTH_CREDENTIAL_CACHE_SECONDS: z.coerce.number().int().min(1).max(86_400).default(60),
  /** How long the registry may take to answer for one credential, a restart of it included. */
  AUTH_REGISTRY_TIMEOUT_MS: z.coerce.number().int().min(10).default(8_000),
  /** How long one question to the registry may take before it is asked again. */
  AUTH_REGISTRY_ATTEMPT_MS: z.coerce.number().int().min(10).default(2_000),
  /** scrypt runs at once; more than libuv's threads (UV_THREADPOOL_SIZE) only wait there. */
  AUTH_PASSWORD_HASHES_AT_ONCE: z.coerce.number().int().min(1).max(128).default(4),
  /** CONNECTs that may wait for a scrypt run; one more is refused as authenticator-unavailable. */
  AUTH_PASSWORD_HASHES_WAITING: z.coerce.number().int().min(0).default(2_000),
  /** Calls to the authenticator of one gateway at once. */
  AUTH_AUTHENTICATOR_CALLS_AT_ONCE: z.coerce.number().int().min(1).max(10_000).default(50),
  /** CONNECTs that may wait for such a call; one more is refused as authenticator-busy. */
  AUTH_AUTHENTICATOR_CALLS_WAITING: z.coerce.number().int().min(0).max(100_000).default(1_000),
  /** How long one may wait before it is refused as authenticator-busy. */
  AUTH_AUTHENTICATOR_WAIT_MS: z.coerce.number().int().min(1).max(60_000).default(3_000),
  /** The breaker of an authenticator opens when more than this share of its calls failed. */
  AUTH_BREAKER_FAILURE_PERCENT: z.coerce.number().int().min(1).max(99).default(50),
  /** Over which time that share is taken. */
  AUTH_BREAKER_WINDOW_SECONDS: z.coerce.number().int().min(1).max(600).default(10),
  /** With fewer calls in that time the breaker stays closed. */
  AUTH_BREAKER_MIN_CALLS: z.coerce.number().int().min(1).max(10_000).default(10),
  /** How long an open breaker lets no call through before it tries one. */
  AUTH_BREAKER_OPEN_MS: z.coerce.number().int().min(1).max(600_000).default(5_000),
  /** Answers of authenticators kept at most, of each kind: yes and no. */
  AUTH_VERDICT_CACHE_ENTRIES: z.coerce.number().int().min(1).default(100_000),
  /** How long a no is used again; a yes for as long as its gateway says (cacheSeconds). 0: never. */
  AUTH_NEGATIVE_CACHE_SECONDS: z.coerce.number().min(0).max(3_600).default(2),
});
export type AuthConfig = z.infer<typeof authConfig>;
export const AUTH_CONFIG = key<AuthConfig>('AUTH_CONFIG');

export function readAuthConfig(environment: NodeJS.ProcessEnv = process.env): AuthConfig {
  return readConfig(authConfig, environment);
}

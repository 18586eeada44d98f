import { key, readConfig, serviceConfig } from '@gatehouse/nest';
import { z } from 'zod';

const authConfig = serviceConfig.extend({
  /** Credentials kept at most; the one that was not used for longest makes room. */
  AUTH_CREDENTIAL_CACHE_ENTRIES: z.coerce.number().int().min(1).default(100_000),
  /** How long a credential is used without asking the registry again. */
  AUTH_CREDENTIAL_CACHE_SECONDS: z.coerce.number().int().min(1).max(86_400).default(60),
  /** How long the registry may take to answer for one credential, a restart of it included. */
  AUTH_REGISTRY_TIMEOUT_MS: z.coerce.number().int().min(10).default(8_000),
  /** How long one question to the registry may take before it is asked again. */
  AUTH_REGISTRY_ATTEMPT_MS: z.coerce.number().int().min(10).default(2_000),
  /** scrypt runs at once; more than libuv's threads (4 unless UV_THREADPOOL_SIZE says otherwise) only wait there. */
  AUTH_PASSWORD_HASHES_AT_ONCE: z.coerce.number().int().min(1).max(128).default(4),
  /** CONNECTs that may wait for a scrypt run; one more is refused as authenticator-unavailable. */
  AUTH_PASSWORD_HASHES_WAITING: z.coerce.number().int().min(0).default(2_000),
});
export type AuthConfig = z.infer<typeof authConfig>;
export const AUTH_CONFIG = key<AuthConfig>('AUTH_CONFIG');

export function readAuthConfig(environment: NodeJS.ProcessEnv = process.env): AuthConfig {
  return readConfig(authConfig, environment);
}

import { key, serviceConfig } from '@gatehouse/nest';
import { z } from 'zod';

/** Environment of the registry. */
export const registryConfig = serviceConfig.extend({
  DATABASE_URL: z.string().min(1, 'must be the address of a PostgreSQL database: postgres://…'),
  /** Seals private keys and password hashes; 32 bytes as 64 hexadecimal characters. */
  GATEHOUSE_MASTER_KEY: z.string().regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal characters'),
  /** Opens what is sealed under it, seals nothing: while secrets go over from one master key to another. */
  GATEHOUSE_MASTER_KEY_PREVIOUS: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal characters')
    .optional(),
  /** An API key with full rights that needs no database: what creates the first real ones. Unset: none. */
  GATEHOUSE_BOOTSTRAP_API_KEY: z.string().min(16, 'must have at least 16 characters').optional(),
  /** Cost N of the scrypt hashes of imported passwords; those are sealed besides, see ADR 6. */
  REGISTRY_PASSWORD_COST: z.coerce
    .number()
    .int()
    .min(16)
    .max(32_768)
    .refine((cost) => Number.isInteger(Math.log2(cost)), 'must be a power of two')
    .default(16),
  /** Attempts to connect that are kept in memory for GET /connection-attempts; some 1.1 kB each. */
  REGISTRY_CONNECTION_ATTEMPTS: z.coerce.number().int().min(100).max(1_000_000).default(50_000),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),
  /**
   * Where the responder of authorities of one's own is reached: stands in every certificate that they issue, so it
   * must be good for as long as those.
   */
  OCSP_PUBLIC_URL: z
    .string()
    .regex(/^https?:\/\/[^\s?#]+$/, 'must be an address such as http://ocsp.example.com')
    .default('http://localhost:8889'),
  /** For how long an OCSP answer and a revocation list of theirs is good: what is revoked stays in use until then. */
  REGISTRY_OCSP_VALIDITY_SECONDS: z.coerce.number().int().min(1).max(604_800).default(3_600),
  /** The host in a gateway's url when the gateway has no host name of its own. */
  PUBLIC_HOST: z.string().min(1).default('localhost'),
});
export type RegistryConfig = z.infer<typeof registryConfig>;
export const REGISTRY_CONFIG = key<RegistryConfig>('REGISTRY_CONFIG');

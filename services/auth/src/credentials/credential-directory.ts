import { findCredential, type ReplyOf } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { AuthConfig } from '../auth.config.ts';
import type { AuthMetrics } from '../observability/auth-metrics.ts';
import { AskedOnce } from '../registry/asked-once.ts';
import type { RegistryClient } from '../registry/registry-client.ts';

export type CredentialAnswer = ReplyOf<typeof findCredential>;

/** A device's credential, and the proof of the password that last matched it. */
export interface KnownCredential {
  readonly answer: Extract<CredentialAnswer, { outcome: 'found' }>;
  proof: Buffer | undefined;
}

export type CredentialLookup =
  | { readonly outcome: 'known'; readonly credential: KnownCredential }
  | { readonly outcome: 'unknown-gateway' | 'unknown-device' };

/**
 * The registry's credentials, by gateway and user name. Only known devices are kept: made-up user names must
 * not push them out.
 */
export class CredentialDirectory extends AskedOnce<CredentialAnswer, CredentialLookup> {
  constructor(registry: RegistryClient, config: AuthConfig, metrics: AuthMetrics, logger: Logger) {
    super({
      maxEntries: config.AUTH_CREDENTIAL_CACHE_ENTRIES,
      freshSeconds: config.AUTH_CREDENTIAL_CACHE_SECONDS,
      ask: (gatewayId, username) => registry.ask(findCredential, { gatewayId, username }),
      entryOf: (answer, former) =>
        answer.outcome === 'found'
          ? // Made from the hash too, a proof is worth nothing when the password changed meanwhile.
            { outcome: 'known', credential: { answer, proof: proofOf(former) } }
          : { outcome: answer.outcome },
      productOf: (entry) => (entry.outcome === 'known' ? entry.credential.answer.productKey : undefined),
      count: (source) => metrics.credentialLookups.add(source),
      unanswered: (error, gatewayId, username) =>
        // Without its stack: while the registry is away this is written for every CONNECT.
        logger.warn({ reason: String(error), gatewayId, username }, 'the registry gave no credential'),
    });
  }
}

function proofOf(former: CredentialLookup | undefined): Buffer | undefined {
  return former?.outcome === 'known' ? former.credential.proof : undefined;
}

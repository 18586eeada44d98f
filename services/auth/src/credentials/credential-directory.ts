import { setTimeout as wait } from 'node:timers/promises';
import { findCredential, type ReplyOf } from '@gatehouse/contracts';
import { callService, ServiceTimedOut, ServiceUnreachable } from '@gatehouse/nats';
import type { Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { AuthConfig } from '../auth.config.ts';
import type { AuthMetrics } from '../observability/auth-metrics.ts';
import { BoundedCache } from './bounded-cache.ts';

export type CredentialAnswer = ReplyOf<typeof findCredential>;

/** A device's credential, and the proof of the password that last matched it. */
export interface KnownCredential {
  readonly answer: Extract<CredentialAnswer, { outcome: 'found' }>;
  readonly freshUntil: number;
  proof: Buffer | undefined;
}

export type CredentialLookup =
  | { readonly outcome: 'known'; readonly credential: KnownCredential }
  | { readonly outcome: 'unknown-gateway' | 'unknown-device' | 'not-served' | 'unavailable' };

const ASK_AGAIN_MS = 100;

interface Flight {
  /** Set when the registry reported a change after this was asked: the answer may be the old one. */
  isOutdated: boolean;
  readonly lookup: Promise<CredentialLookup>;
}

/**
 * The registry's credentials, with a bounded cache of those that devices used lately. Only known devices are
 * kept: made-up user names must not push them out. While the registry is away, devices go on being known for
 * as long as their entry is fresh.
 */
export class CredentialDirectory {
  readonly #known: BoundedCache<KnownCredential>;
  readonly #flights = new Map<string, Flight>();
  readonly #gatewayOfProduct = new Map<string, string>();

  constructor(
    private readonly nats: NatsConnection,
    private readonly config: AuthConfig,
    private readonly metrics: AuthMetrics,
    private readonly logger: Logger,
  ) {
    this.#known = new BoundedCache(config.AUTH_CREDENTIAL_CACHE_ENTRIES);
  }

  find(gatewayId: string, username: string): Promise<CredentialLookup> {
    const key = keyOf(gatewayId, username);
    const credential = this.#known.get(key);
    if (credential !== undefined && credential.freshUntil > performance.now()) {
      this.metrics.credentialLookups.add('cache');
      return Promise.resolve({ outcome: 'known', credential });
    }
    return this.#flights.get(key)?.lookup ?? this.#ask(gatewayId, username);
  }

  forgetDevice(productKey: string, deviceName: string): void {
    const gatewayId = this.#gatewayOfProduct.get(productKey);
    if (gatewayId !== undefined) this.#known.delete(keyOf(gatewayId, deviceName));
    this.#outdate((key) => key.endsWith(`/${deviceName}`));
  }

  forgetGateway(gatewayId: string): void {
    const prefix = keyOf(gatewayId, '');
    this.#known.deleteWithPrefix(prefix);
    this.#outdate((key) => key.startsWith(prefix));
  }

  forgetAll(): void {
    this.#known.clear();
    this.#outdate(() => true);
  }

  /** Asks the registry; who asks for the same device meanwhile waits for the same answer. */
  #ask(gatewayId: string, username: string): Promise<CredentialLookup> {
    const key = keyOf(gatewayId, username);
    const flight: Flight = {
      isOutdated: false,
      lookup: this.#answerOf(gatewayId, username).then(
        (answer) => {
          this.metrics.credentialLookups.add('registry');
          return this.#learn(key, answer, flight);
        },
        (error: unknown) => {
          this.metrics.credentialLookups.add('unavailable');
          // Its message only: while the registry is away this is written for every CONNECT.
          const reason = error instanceof Error ? error.message : String(error);
          this.logger.warn({ reason, gatewayId, username }, 'the registry gave no credential');
          this.#land(key, flight);
          return { outcome: 'unavailable' };
        },
      ),
    };
    this.#flights.set(key, flight);
    return flight.lookup;
  }

  /**
   * Asked again until the time is over: the registry may be restarting, and a question that it had in hand
   * when it died is never answered.
   */
  async #answerOf(gatewayId: string, username: string): Promise<CredentialAnswer> {
    const deadline = performance.now() + this.config.AUTH_REGISTRY_TIMEOUT_MS;
    for (;;) {
      const leftMs = Math.max(1, Math.ceil(deadline - performance.now()));
      const attemptMs = Math.min(leftMs, this.config.AUTH_REGISTRY_ATTEMPT_MS);
      try {
        return await callService(this.nats, findCredential, { gatewayId, username }, attemptMs);
      } catch (error) {
        const isPassing = error instanceof ServiceUnreachable || error instanceof ServiceTimedOut;
        if (!isPassing || performance.now() + ASK_AGAIN_MS >= deadline) throw error;
        await wait(ASK_AGAIN_MS);
      }
    }
  }

  #learn(key: string, answer: CredentialAnswer, flight: Flight): CredentialLookup {
    this.#land(key, flight);
    if (answer.outcome !== 'found') {
      this.#known.delete(key);
      return { outcome: answer.outcome };
    }
    const credential: KnownCredential = {
      answer,
      freshUntil: performance.now() + this.config.AUTH_CREDENTIAL_CACHE_SECONDS * 1_000,
      // Made from the hash too, so it is worth nothing when the password changed meanwhile.
      proof: this.#known.get(key)?.proof,
    };
    if (!flight.isOutdated) {
      this.#gatewayOfProduct.set(answer.productKey, key.slice(0, key.indexOf('/')));
      this.#known.set(key, credential);
    }
    return { outcome: 'known', credential };
  }

  #land(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }

  #outdate(isMeant: (key: string) => boolean): void {
    for (const [key, flight] of this.#flights) {
      if (!isMeant(key)) continue;
      flight.isOutdated = true;
      this.#flights.delete(key);
    }
  }
}

/** Neither gateway ids nor user names of the right form hold a slash. */
function keyOf(gatewayId: string, username: string): string {
  return `${gatewayId}/${username}`;
}

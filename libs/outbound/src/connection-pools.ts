import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import { Pool } from 'undici';
import { guardedConnect } from './guarded-connect.ts';
import type { NameLookUps, ResolveName } from './name-look-ups.ts';
import type { OutboundPolicy, UrlScope } from './outbound-policy.ts';
import { OutboundCaInvalid } from './outbound.failures.ts';

export interface PoolLimits {
  /** Origins (with each CA bundle that they are called with, and each asker) whose connections are kept. */
  readonly maxOrigins: number;
  readonly connectionsPerOrigin: number;
  /** How long a connection waits for its name to be looked up while look-ups of other names take all places. */
  readonly nameWaitMs: number;
}

/** For whom a connection is made, and what it may be. */
export interface PoolUse {
  readonly caCertificate: string | undefined;
  readonly scope: UrlScope;
  /** Whose look-ups of names share a bounded part of the places. */
  readonly asker: string;
}

/** A connection goes after this age, so that a name that points elsewhere is followed. */
const CONNECTION_TTL_MS = 300_000;
const MAX_RESPONSE_HEADER_BYTES = 16_384;

export interface OriginPool {
  readonly pool: Pool;
  /** Requests that are sent or wait for a connection. */
  requestsUnderWay: number;
  /** Whether a request may meet a connection that the server is just closing. */
  hasServed: boolean;
}

/** Kept connections by asker, origin and CA bundle; the origin that was not called for longest makes room. */
export class ConnectionPools {
  readonly #pools: LeastRecentlyUsedMap<string, OriginPool>;

  constructor(
    private readonly policy: OutboundPolicy,
    private readonly names: NameLookUps,
    private readonly limits: PoolLimits,
  ) {
    this.#pools = new LeastRecentlyUsedMap(limits.maxOrigins, (_key, { pool }) => void pool.close());
  }

  /** @throws {OutboundCaInvalid} */
  poolOf(url: URL, use: PoolUse): OriginPool {
    const key = [use.asker, url.origin, use.scope.allowHttp, use.caCertificate ?? ''].join('\n');
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const opened = this.#open(url, use);
    this.#pools.set(key, opened);
    return opened;
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map(({ pool }) => pool.close()));
  }

  #open(url: URL, { caCertificate, scope, asker }: PoolUse): OriginPool {
    const secureContext = caCertificate === undefined ? undefined : secureContextOf(caCertificate);
    const { nameWaitMs } = this.limits;
    const resolve: ResolveName = (hostname) => this.names.find(hostname, asker, nameWaitMs);
    const pool = new Pool(url.origin, {
      connections: this.limits.connectionsPerOrigin,
      pipelining: 1,
      allowH2: false,
      clientTtl: CONNECTION_TTL_MS,
      maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
      connect: guardedConnect(url, this.policy, { resolve, secureContext, scope }),
    });
    return { pool, requestsUnderWay: 0, hasServed: false };
  }
}

/**
 * The public authorities with a customer's own. Node's `ca` stands in their place, and giving it all of them as
 * well takes 100 ms in which nothing else happens; what is added to the finished context costs next to nothing.
 */
function secureContextOf(caCertificate: string): SecureContext {
  try {
    // OpenSSL passes over what is no certificate: a bundle without any would go unnoticed.
    void new X509Certificate(caCertificate);
    const secureContext = createSecureContext({ minVersion: 'TLSv1.2' });
    const { context }: { context: { addCACert?: (pem: string) => void } } = secureContext;
    if (context.addCACert !== undefined) {
      context.addCACert(caCertificate);
      return secureContext;
    }
    return createSecureContext({
      ca: [...getCACertificates('default'), caCertificate],
      minVersion: 'TLSv1.2',
    });
  } catch (error) {
    throw new OutboundCaInvalid(error);
  }
}

import type { Dispatcher } from 'undici';
import { ConnectionPools, type OriginPool, type PoolLimits } from './connection-pools.ts';
import { failureOf, isConnectionEnded } from './failure-of-error.ts';
import { systemNames, type NameLookUps } from './name-look-ups.ts';
import type { OutboundPolicy, UrlScope } from './outbound-policy.ts';
import {
  OutboundBusy,
  OutboundFailure,
  OutboundRedirectInvalid,
  OutboundResponseMalformed,
  OutboundResponseTooLarge,
  OutboundTimedOut,
} from './outbound.failures.ts';

/** One request to an address that a customer supplied. */
export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** PEM; trusted beside the public authorities. */
  readonly caCertificate?: string | undefined;
  /** From here to the last byte of the answer, name resolution and redirects included. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  /** How many answers 307 and 308 are followed; 0 by default: they are handed back as they came. */
  readonly maxRedirects?: number;
  /**
   * Whether it may be sent a second time when a kept connection turns out to be closed: true for questions
   * that change nothing.
   */
  readonly isRepeatable?: boolean;
  /** Whether the URL may be http, as those of OCSP responders and CRLs are; false by default. */
  readonly allowHttp?: boolean;
  /** On whose behalf: see NameLookUps. That of the client by default. */
  readonly asker?: string;
}

export interface OutboundResponse {
  readonly status: number;
  /** Names in lower case; what came more than once is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface OutboundLimits extends PoolLimits {
  /** Requests to one origin that are sent or wait for a connection; one more is refused. */
  readonly requestsPerOrigin: number;
}

const DEFAULT_LIMITS: OutboundLimits = {
  maxOrigins: 1_000,
  connectionsPerOrigin: 64,
  requestsPerOrigin: 512,
  nameWaitMs: 4_000,
};

/** Headers that are for one origin alone (RFC 9110 §15.4). */
const OF_ONE_ORIGIN: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie']);

interface Deadline {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  missing: 'an answer' | 'the rest of its answer';
}

/**
 * Sends what customers ask for and nothing that the operator forbids: HTTP/1.1 on verified TLS, no proxy, no
 * cookie, no compression, nothing followed that the request does not allow.
 */
export class OutboundClient {
  readonly #pools: ConnectionPools;
  readonly #limits: OutboundLimits;
  readonly #asker: string;

  constructor(
    private readonly policy: OutboundPolicy,
    {
      limits = {},
      names = systemNames,
      asker = '',
    }: { limits?: Partial<OutboundLimits>; names?: NameLookUps; asker?: string } = {},
  ) {
    this.#asker = asker;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#pools = new ConnectionPools(policy, names, this.#limits);
  }

  /** @throws {OutboundFailure} when there is no complete answer */
  async request(request: OutboundRequest): Promise<OutboundResponse> {
    const { timeoutMs, maxRedirects = 0 } = request;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    let hops = 0;
    try {
      const scope = scopeOf(request);
      let url = this.policy.urlOf(request.url, scope);
      let headers = request.headers ?? {};
      for (; ; hops += 1) {
        const response = await this.#exchange(
          url,
          { ...request, headers },
          { signal: abort.signal, timeoutMs, missing: 'an answer' },
        );
        if (maxRedirects === 0 || (response.status !== 307 && response.status !== 308)) return response;
        if (hops === maxRedirects) {
          throw new OutboundRedirectInvalid(url.origin, `more than ${maxRedirects} times`);
        }
        const next = this.#redirectOf(url, response, scope);
        if (next.origin !== url.origin) headers = withoutOriginsOwn(headers);
        url = next;
      }
    } catch (error) {
      if (error instanceof OutboundFailure) error.isAfterRedirect = hops > 0;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends idle connections; requests under way come to their end first. */
  close(): Promise<void> {
    return this.#pools.close();
  }

  #redirectOf(from: URL, { headers }: OutboundResponse, scope: UrlScope): URL {
    const location = headers['location'];
    const target = location === undefined ? null : URL.parse(location, from);
    if (target === null) throw new OutboundRedirectInvalid(from.origin, 'without a Location to go to');
    if (target.protocol !== 'https:' && target.protocol !== from.protocol) {
      throw new OutboundRedirectInvalid(from.origin, 'to a URL that is not https');
    }
    return this.policy.urlOf(target.href, scope);
  }

  /** undici hears of an abort only once there is a connection: nobody waits for that, but it is counted. */
  async #exchange(url: URL, request: OutboundRequest, deadline: Deadline): Promise<OutboundResponse> {
    const { caCertificate, asker = this.#asker } = request;
    const entry = this.#pools.poolOf(url, { caCertificate, scope: scopeOf(request), asker });
    if (entry.requestsUnderWay >= this.#limits.requestsPerOrigin) {
      const reason = `${entry.requestsUnderWay} requests to ${url.origin} are under way, as many as may be`;
      throw new OutboundBusy(url.origin, reason);
    }
    entry.requestsUnderWay += 1;
    const answer = this.#answerOf(url, request, { entry, deadline }).finally(() => {
      entry.requestsUnderWay -= 1;
    });
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => reject(new OutboundTimedOut(url.origin, deadline.timeoutMs, deadline.missing));
    deadline.signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      deadline.signal.removeEventListener('abort', giveUp);
    }
  }

  async #answerOf(
    url: URL,
    request: OutboundRequest,
    { entry, deadline }: { entry: OriginPool; deadline: Deadline },
  ): Promise<OutboundResponse> {
    const response = await this.#send(url, request, { entry, deadline });
    entry.hasServed = true;
    deadline.missing = 'the rest of its answer';
    return this.#read(url, request, response);
  }

  async #send(
    url: URL,
    { method, headers, body, isRepeatable = false }: OutboundRequest,
    { entry, deadline }: { entry: OriginPool; deadline: Deadline },
  ): Promise<Dispatcher.ResponseData> {
    const send = (): Promise<Dispatcher.ResponseData> =>
      entry.pool.request({
        method,
        path: `${url.pathname}${url.search}`,
        headers: { 'accept-encoding': 'identity', ...headers },
        body: body ?? null,
        signal: deadline.signal,
        // The deadline covers both; those of undici are of whole seconds.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
    const mayBeStale = isRepeatable && entry.hasServed;
    try {
      return await send().catch((error: unknown) => {
        if (mayBeStale && isConnectionEnded(error)) return send();
        throw error;
      });
    } catch (error) {
      throw failureOf(error, url);
    }
  }

  async #read(
    url: URL,
    { maxResponseBytes }: OutboundRequest,
    response: Dispatcher.ResponseData,
  ): Promise<OutboundResponse> {
    const { body, statusCode } = response;
    const headers = flatHeaders(response.headers);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    try {
      const encoding = headers['content-encoding'] ?? 'identity';
      if (encoding.toLowerCase() !== 'identity') {
        throw new OutboundResponseMalformed(url.origin, 'it is compressed, which was not asked for');
      }
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        bytes += chunk.length;
        if (bytes > maxResponseBytes) {
          throw new OutboundResponseTooLarge(url.origin, `${maxResponseBytes} bytes`);
        }
        chunks.push(chunk);
      }
    } catch (error) {
      body.on('error', ignoreLateError).destroy();
      throw failureOf(error, url);
    }
    return { status: statusCode, headers, body: Buffer.concat(chunks) };
  }
}

function scopeOf({ allowHttp = false }: OutboundRequest): UrlScope {
  return { allowHttp };
}

/** The caller has been told already. */
function ignoreLateError(): void {}

function flatHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

function withoutOriginsOwn(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ONE_ORIGIN.has(name)));
}

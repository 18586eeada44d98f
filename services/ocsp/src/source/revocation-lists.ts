import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import { reasonOf } from '@gatehouse/observability';
import type { OutboundClient } from '@gatehouse/outbound';
import { certificateExtensions } from '@gatehouse/pki';
import { retrySeconds, secondsAfter, usedUntil } from '../lifetime/answer-lifetime.ts';
import type { OcspConfig } from '../ocsp.config.ts';
import type { ListOutcome, OcspMetrics } from '../observability/ocsp-metrics.ts';
import type { CheckedCertificate } from '../status/checked-certificate.ts';
import type { ListReader, LoadedList } from '../verification/list-reader.ts';
import { Deadline } from './deadline.ts';
import type { GuardedHosts } from './guarded-hosts.ts';
import type { RevocationAnswer } from './revocation-answer.ts';
import { findRevoked } from './revoked-serials.ts';
import { SourceAnswerUnusable, SourceHostBusy, SourceHostFailed, SourceTimeOver } from './source.failures.ts';

type Kept =
  | { readonly list: LoadedList; readonly usedUntil: Date }
  | { readonly list: undefined; readonly error: Error; readonly failures: number; readonly usedUntil: Date };

const MAX_REDIRECTS = 2;
/** CRLs that are fetched and read at once; each is held in memory meanwhile. */
const MAX_FLIGHTS = 32;

/**
 * CRLs by URL and issuer (RFC 5280 §5): each fetched once however many certificates need it, read and verified off
 * this thread, kept until its nextUpdate within the limits, bounded in number and bytes. Complete CRLs by the
 * certificate's own issuer only: no delta CRLs, no indirect ones, none of single reasons.
 */
export class RevocationLists {
  readonly #kept: LeastRecentlyUsedMap<string, Kept>;
  readonly #flights = new Map<string, Promise<Kept>>();

  constructor(
    private readonly outbound: OutboundClient,
    private readonly hosts: GuardedHosts,
    private readonly reader: ListReader,
    private readonly parts: { readonly config: OcspConfig; readonly metrics: OcspMetrics },
  ) {
    this.#kept = new LeastRecentlyUsedMap(parts.config.OCSP_CRL_CACHE_ENTRIES);
  }

  /** @throws {Failure} with the reason why there is no answer */
  async find(url: string, checked: CheckedCertificate, deadline: Deadline): Promise<RevocationAnswer> {
    const list = await this.#listOf(url, checked, deadline);
    const { thisUpdate, nextUpdate } = list;
    const revoked = findRevoked(list.revoked, checked.serialNumber.replace(/^(?:00)+(?=..)/, ''));
    if (revoked === undefined) return { status: 'good', thisUpdate, nextUpdate };
    const { revokedAt, reason } = revoked;
    return { status: 'revoked', thisUpdate, nextUpdate, revokedAt, reason };
  }

  async #listOf(url: string, checked: CheckedCertificate, deadline: Deadline): Promise<LoadedList> {
    // A list may be of end-entity certificates alone, or of authorities, or of one distribution point: what was
    // judged for one certificate holds for those that are the same in this.
    const { ca } = checked.certificate;
    const { crlNames } = certificateExtensions(checked.certificate);
    const key = [checked.issuerKeyHash, ca, url, ...crlNames].join('\n');
    const known = this.#kept.get(key);
    if (known !== undefined && known.usedUntil.getTime() > Date.now()) {
      if (known.list !== undefined) this.#count('cached');
      return listIn(known);
    }
    if (!this.#flights.has(key) && this.#flights.size >= MAX_FLIGHTS) throw new SourceHostBusy(hostOf(url));
    const flight = this.#flights.get(key) ?? this.#load(key, url, { checked, known });
    this.#flights.set(key, flight);
    const kept = await deadline.within(flight);
    if (kept === undefined) throw new SourceTimeOver(hostOf(url));
    return listIn(kept);
  }

  /** Never rejects. */
  async #load(
    key: string,
    url: string,
    { checked, known }: { checked: CheckedCertificate; known: Kept | undefined },
  ): Promise<Kept> {
    const startedAt = performance.now();
    const kept = await this.#fetch(url, checked).then(
      (list): Kept => ({ list, usedUntil: this.#usedUntil(list) }),
      (error: unknown): Kept => this.#failed(error, known),
    );
    this.parts.metrics.listSeconds.record((performance.now() - startedAt) / 1_000);
    this.#flights.delete(key);
    this.#kept.set(key, kept);
    this.#makeRoom(key);
    return kept;
  }

  async #fetch(url: string, { certificate, issuer, gatewayId }: CheckedCertificate): Promise<LoadedList> {
    const { config } = this.parts;
    const host = this.hosts.of(new URL(url));
    const der = await host.run(new Deadline(config.OCSP_CRL_TIMEOUT_MS), async (timeoutMs) => {
      const { status, body } = await this.outbound.request({
        method: 'GET',
        url,
        headers: { accept: 'application/pkix-crl' },
        timeoutMs,
        maxResponseBytes: config.OCSP_CRL_MAX_BYTES,
        maxRedirects: MAX_REDIRECTS,
        isRepeatable: true,
        allowHttp: true,
        asker: gatewayId,
      });
      if (status >= 500 || status === 429) throw new SourceHostFailed(host.host, `answered HTTP ${status}`);
      if (status !== 200) throw new SourceAnswerUnusable(host.host, `HTTP ${status} is no CRL`);
      return body;
    });
    const read = await this.reader.read({
      der,
      certificate: certificate.raw,
      issuer: issuer.raw,
      clockSkewMs: config.OCSP_CLOCK_SKEW_SECONDS * 1_000,
    });
    if (read.outcome === 'unusable') throw new SourceAnswerUnusable(host.host, read.reason);
    this.#count('loaded');
    return read.list;
  }

  #usedUntil(list: LoadedList): Date {
    const { GATEHOUSE_OCSP_MIN_SECONDS: minSeconds, GATEHOUSE_OCSP_MAX_SECONDS: maxSeconds } =
      this.parts.config;
    return usedUntil(list, { minSeconds, maxSeconds }, new Date());
  }

  #failed(error: unknown, former: Kept | undefined): Kept {
    this.#count(error instanceof SourceAnswerUnusable ? 'unusable' : 'unavailable');
    const failures = (former !== undefined && former.list === undefined ? former.failures : 0) + 1;
    const { OCSP_RETRY_SECONDS: firstSeconds, GATEHOUSE_OCSP_MIN_SECONDS: maxSeconds } = this.parts.config;
    const pauseSeconds = retrySeconds(failures, { firstSeconds, maxSeconds }, Math.random());
    return {
      list: undefined,
      error: error instanceof Error ? error : new Error(reasonOf(error)),
      failures,
      usedUntil: secondsAfter(new Date(), pauseSeconds),
    };
  }

  /** The CRLs that were not used for longest go first; the one that has just come stays, whatever its size. */
  #makeRoom(newest: string): void {
    let bytes = 0;
    for (const [, { list }] of this.#kept.entries()) bytes += list?.revoked.byteLength ?? 0;
    for (const [key, { list }] of this.#kept.entries()) {
      if (bytes <= this.parts.config.OCSP_CRL_CACHE_BYTES) return;
      if (key === newest || list === undefined) continue;
      this.#kept.delete(key);
      bytes -= list.revoked.byteLength;
    }
  }

  #count(outcome: ListOutcome): void {
    this.parts.metrics.revocationLists.add(outcome);
  }
}

function listIn(kept: Kept): LoadedList {
  if (kept.list === undefined) throw kept.error;
  return kept.list;
}

function hostOf(url: string): string {
  return new URL(url).host;
}

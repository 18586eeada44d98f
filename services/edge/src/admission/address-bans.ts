import { setTimeout as delay } from 'node:timers/promises';
import { addressBan, banKey, type AddressBan } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { KV, KvWatchEntry } from '@nats-io/kv';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';

export interface BanLimits {
  readonly seconds: number;
  /** Known at one time. */
  readonly maxBans: number;
}

export interface AddressBansParts {
  readonly bucket: KV;
  readonly edgeId: string;
  readonly metrics: EdgeMetrics;
  readonly logger: Logger;
}

interface KnownBan {
  readonly ban: AddressBan;
  readonly untilMs: number;
  /** Of its entry in the bucket; undefined until the bucket has shown it. */
  readonly revision: number | undefined;
}

const CAUSES: Readonly<Record<AddressBan['cause'], string>> = {
  'failed-attempts': 'attempts failed',
  'wasted-connections': 'connections came to no CONNECT',
};
const SWEEP_MS = 1_000;
const RETRY_MS = 1_000;

/**
 * Addresses that may not connect to a gateway for a while, shared with all edges by the bucket `bans`. A ban
 * ends at its `until`, or when its entry is deleted: that is how an operator lifts it.
 */
export class AddressBans {
  readonly #byKey = new Map<string, KnownBan>();
  readonly #onLifted: ((gatewayId: string, address: string) => void)[] = [];
  #watch: { stop(): void } | undefined;
  #sweeping: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(
    private readonly limits: BanLimits,
    private readonly parts: AddressBansParts,
  ) {}

  get size(): number {
    return this.#byKey.size;
  }

  /** Calls `listener` when an operator ends a ban before its time; what led to one that is over has faded by itself. */
  onLifted(listener: (gatewayId: string, address: string) => void): void {
    this.#onLifted.push(listener);
  }

  /** Follows the bucket until {@link onModuleDestroy}. */
  start(): void {
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS);
    void this.#follow();
  }

  onModuleDestroy(): void {
    this.#isStopped = true;
    clearInterval(this.#sweeping);
    this.#watch?.stop();
  }

  find(gatewayId: string, address: string): AddressBan | undefined {
    const known = this.#byKey.get(banKey(gatewayId, address));
    return known !== undefined && known.untilMs > Date.now() ? known.ban : undefined;
  }

  /** Holds here at once, and on the other edges when the bucket has it. */
  ban(gatewayId: string, address: string, cause: AddressBan['cause'], failures: number): void {
    const now = Date.now();
    const untilMs = now + this.limits.seconds * 1_000;
    const ban: AddressBan = {
      gatewayId,
      remoteAddress: address,
      bannedAt: new Date(now).toISOString(),
      until: new Date(untilMs).toISOString(),
      cause,
      reason: `${failures} ${CAUSES[cause]} within a minute`,
      failures,
      edgeId: this.parts.edgeId,
    };
    const key = banKey(gatewayId, address);
    if (!this.#learn(key, { ban, untilMs, revision: undefined })) return;
    this.parts.metrics.bans.add();
    this.parts.logger.warn({ gatewayId, address, cause, failures, until: ban.until }, 'an address is banned');
    void this.#share(key, ban);
  }

  async #share(key: string, ban: AddressBan): Promise<void> {
    try {
      await this.parts.bucket.put(key, JSON.stringify(ban));
    } catch (error) {
      this.parts.metrics.drops.add('ban-not-shared');
      this.parts.logger.warn({ err: error, key }, 'a ban could not be written: it holds on this edge only');
    }
  }

  /** @returns false when there are as many bans as may be */
  #learn(key: string, known: KnownBan): boolean {
    if (this.#byKey.size >= this.limits.maxBans && !this.#byKey.has(key)) {
      this.parts.metrics.drops.add('ban-table-full');
      return false;
    }
    this.#byKey.set(key, known);
    return true;
  }

  /** A watch that ends or fails is begun anew, and then shows all entries again. */
  async #follow(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const watch = await this.parts.bucket.watch();
        this.#watch = watch;
        if (this.#isStopped) watch.stop();
        for await (const entry of watch) this.#changed(entry);
      } catch (error) {
        this.parts.logger.debug({ err: error }, 'the bucket of bans cannot be followed; it is tried again');
      }
      if (!this.#isStopped) await delay(RETRY_MS, undefined, { ref: false });
    }
  }

  #changed(entry: KvWatchEntry): void {
    if (entry.operation !== 'PUT') {
      const lifted = this.#end(entry.key);
      if (lifted === undefined) return;
      for (const listener of this.#onLifted) listener(lifted.gatewayId, lifted.remoteAddress);
      return;
    }
    const ban = banOf(entry.string());
    const untilMs = ban === undefined ? 0 : Date.parse(ban.until);
    if (ban === undefined) return;
    if (untilMs <= Date.now()) {
      // It was over before the bucket had shown it.
      if (ban.edgeId === this.parts.edgeId) void this.#clearUp(entry.key, entry.revision);
      return;
    }
    this.#learn(entry.key, { ban, untilMs, revision: entry.revision });
  }

  /** @returns the ban that held until now */
  #end(key: string): AddressBan | undefined {
    const ban = this.#byKey.get(key)?.ban;
    if (ban === undefined) return undefined;
    this.#byKey.delete(key);
    const { gatewayId, remoteAddress } = ban;
    this.parts.logger.info({ gatewayId, address: remoteAddress }, 'a ban has ended');
    return ban;
  }

  #sweep(): void {
    const now = Date.now();
    for (const [key, { ban, untilMs, revision }] of this.#byKey) {
      if (untilMs > now) continue;
      this.#end(key);
      // Each edge clears up behind itself; those of an edge that is gone the bucket forgets in a day.
      if (ban.edgeId === this.parts.edgeId && revision !== undefined) void this.#clearUp(key, revision);
    }
  }

  async #clearUp(key: string, revision: number): Promise<void> {
    try {
      await this.parts.bucket.purge(key, { previousSeq: revision });
    } catch (error) {
      this.parts.logger.debug({ err: error, key }, 'the entry of a ban that is over stays for now');
    }
  }
}

function banOf(json: string): AddressBan | undefined {
  try {
    return addressBan.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

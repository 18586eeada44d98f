import { PARTITIONS_BUCKET, UPLINK_PARTITIONS } from '@gatehouse/contracts';
import { OutageLog, reasonOf, type Logger } from '@gatehouse/observability';
import { jetstream, jetstreamManager, JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { fairShare, leaseEndsAt, partitionsToRelease, partitionsToTry } from './lease-policy.ts';

/** Who works on the partitions that are leased. */
export interface PartitionHolder {
  acquired(partition: number): void;
  /** Resolves when what was in hand is done. */
  release(partition: number): Promise<void>;
  /** Somebody else may own it by now: stop at once. */
  lost(partition: number): void;
}

interface Lease {
  revision: number;
  /** Ends the work when no renewal came through in time. */
  expiry: NodeJS.Timeout;
  isReleasing: boolean;
  /** Its holder has finished: it is renewed no more, so that its revision stays the one to delete. */
  isFinished: boolean;
}

const RENEWAL_MS = 1_000;
const REQUEST_TIMEOUT_MS = 1_500;
const TTL_MS = PARTITIONS_BUCKET.ttlSeconds * 1_000;
const WRONG_LAST_SEQUENCE = new Set([10_071, 10_164]);

const partitionKey = (partition: number): string => `partition-${partition}`;
const INSTANCE_PREFIX = 'instance-';
const instanceKey = (instanceId: string): string => `${INSTANCE_PREFIX}${instanceId}`;
const streamName = `KV_${PARTITIONS_BUCKET.name}`;
const subjectOf = (key: string): string => `$KV.${PARTITIONS_BUCKET.name}.${key}`;

/**
 * Shares the uplink partitions among the parser's instances: one key a partition, written by compare-and-set
 * and renewed each second; one key an instance, so that each knows how many there are. A key that is not
 * renewed disappears, and the next instance that tries takes the partition.
 */
export class PartitionLeases {
  readonly #leases = new Map<number, Lease>();
  readonly #offset = Math.floor(Math.random() * UPLINK_PARTITIONS);
  #bucket: KV | undefined;
  #manager: JetStreamManager | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #isStopping = false;
  readonly #outage: OutageLog;

  constructor(
    private readonly nats: NatsConnection,
    private readonly instanceId: string,
    private readonly holder: PartitionHolder,
    private readonly logger: Logger,
  ) {
    this.#outage = new OutageLog(logger, {
      failing: 'partition leases cannot be renewed',
      mended: 'partition leases are renewed again',
    });
  }

  get owned(): readonly number[] {
    return [...this.#leases.keys()];
  }

  /** Called by Nest when the service starts. */
  async onApplicationBootstrap(): Promise<void> {
    const client = jetstream(this.nats, { timeout: REQUEST_TIMEOUT_MS });
    this.#bucket = await new Kvm(client).open(PARTITIONS_BUCKET.name);
    this.#manager = await jetstreamManager(this.nats, { checkAPI: false, timeout: REQUEST_TIMEOUT_MS });
    this.#startRound();
    this.#timer = setInterval(() => this.#startRound(), RENEWAL_MS);
  }

  /** Called by Nest when the service stops: finishes what is in hand, then gives every lease back. */
  async onModuleDestroy(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.owned.map((partition) => this.#release(partition)));
    clearInterval(this.#timer);
    await this.#round;
    await this.#manager?.streams
      .purge(streamName, { filter: subjectOf(instanceKey(this.instanceId)) })
      .catch((error: unknown) => this.#warn(error, 'the instance could not sign off'));
  }

  #startRound(): void {
    const before = this.#round;
    this.#round = (async () => {
      await before;
      await this.#renewAndShare();
    })().catch((error: unknown) => this.#outage.failed(error));
  }

  async #renewAndShare(): Promise<void> {
    const bucket = this.#bucket;
    if (bucket === undefined) return;
    await Promise.all(
      Array.from(this.#leases, ([partition, lease]) => this.#renew(bucket, partition, lease)),
    );
    if (this.#isStopping) return;
    await bucket.put(instanceKey(this.instanceId), '');
    this.#outage.succeeded();
    const share = fairShare(UPLINK_PARTITIONS, await this.#liveInstances());
    for (const partition of partitionsToRelease(this.#leases.keys(), share)) void this.#release(partition);
    for (const partition of partitionsToTry(UPLINK_PARTITIONS, new Set(this.owned), this.#offset)) {
      if (this.#leases.size >= share || this.#isStopping) return;
      await this.#tryFor(bucket, partition);
    }
  }

  /** All keys are asked for: `*` stands for a whole token, and what a server makes of `instance-*` is luck. */
  async #liveInstances(): Promise<number> {
    const info = await this.#manager?.streams.info(streamName, { subjects_filter: subjectOf('*') });
    const prefix = subjectOf(INSTANCE_PREFIX);
    return Object.keys(info?.state.subjects ?? {}).filter((subject) => subject.startsWith(prefix)).length;
  }

  async #tryFor(bucket: KV, partition: number): Promise<void> {
    const askedAt = performance.now();
    try {
      const revision = await bucket.create(partitionKey(partition), this.instanceId);
      this.#leases.set(partition, {
        revision,
        expiry: this.#expiry(partition, askedAt),
        isReleasing: false,
        isFinished: false,
      });
      this.logger.info({ partition }, 'uplink partition taken');
      this.holder.acquired(partition);
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }

  async #renew(bucket: KV, partition: number, lease: Lease): Promise<void> {
    if (lease.isFinished) return;
    const askedAt = performance.now();
    try {
      lease.revision = await bucket.update(partitionKey(partition), this.instanceId, lease.revision);
      this.#prolong(partition, lease, askedAt);
    } catch (error) {
      if (!isTaken(error)) return this.#outage.failed(error);
      // A renewal whose answer was lost has moved the revision on: then the entry still names this instance.
      const entry = await bucket.get(partitionKey(partition)).catch(() => null);
      if (entry?.operation === 'PUT' && entry.string() === this.instanceId) lease.revision = entry.revision;
      else this.#lose(partition, lease);
    }
  }

  #prolong(partition: number, lease: Lease, askedAt: number): void {
    if (this.#leases.get(partition) !== lease) return;
    clearTimeout(lease.expiry);
    lease.expiry = this.#expiry(partition, askedAt);
  }

  #expiry(partition: number, askedAt: number): NodeJS.Timeout {
    return setTimeout(
      () => {
        const lease = this.#leases.get(partition);
        if (lease !== undefined) this.#lose(partition, lease);
      },
      leaseEndsAt(askedAt, TTL_MS) - performance.now(),
    );
  }

  #lose(partition: number, lease: Lease): void {
    if (this.#leases.get(partition) !== lease) return;
    clearTimeout(lease.expiry);
    this.#leases.delete(partition);
    this.logger.warn({ partition }, 'uplink partition lost');
    this.holder.lost(partition);
  }

  async #release(partition: number): Promise<void> {
    const lease = this.#leases.get(partition);
    if (lease === undefined || lease.isReleasing) return;
    lease.isReleasing = true;
    // Renewed meanwhile, for as long as it takes.
    await this.holder.release(partition);
    lease.isFinished = true;
    await this.#round;
    if (this.#leases.get(partition) !== lease) return;
    clearTimeout(lease.expiry);
    this.#leases.delete(partition);
    this.logger.info({ partition }, 'uplink partition given back');
    await this.#bucket
      ?.delete(partitionKey(partition), { previousSeq: lease.revision })
      .catch((error: unknown) => this.#warn(error, 'a partition lease could not be given back'));
  }

  #warn(error: unknown, message: string): void {
    this.logger.warn({ reason: reasonOf(error) }, message);
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.has(error.code);
}

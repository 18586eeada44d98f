import { BUCKETS, STREAMS, type BucketDefinition, type StreamDefinition } from '@gatehouse/contracts';
import {
  DiscardPolicy,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';

const NANOS_PER_SECOND = 1_000_000_000;
const STREAM_EXISTS = 10_058;

export interface StreamSetup {
  /** Copies of each stream in a NATS cluster, 1 to 5. */
  readonly replicas: number;
  /** Upper bound for the size of any one stream, in bytes: what this installation's disk allows. */
  readonly maxStreamBytes: number;
  /** What this installation wants otherwise than the definitions have it, by the name of the stream. */
  readonly limits?: Readonly<Record<string, StreamLimits>>;
}

export type StreamLimits = Partial<
  Pick<StreamDefinition, 'maxAgeSeconds' | 'maxBytes' | 'maxMessagesPerSubject'>
>;

/** Creates the streams that are missing and updates the settings of those that differ; safe to call at once from many. */
export async function ensureStreams(nats: NatsConnection, setup: StreamSetup): Promise<void> {
  const manager = await jetstreamManager(nats);
  await Promise.all(
    STREAMS.map((definition) =>
      ensureStream(manager, configOf({ ...definition, ...setup.limits?.[definition.name] }, setup)),
    ),
  );
  await Promise.all(BUCKETS.map((definition) => openBucket(nats, definition, setup.replicas)));
}

/**
 * The key-value bucket, created when it is missing. Revisions of a new bucket begin at the time of its creation
 * in microseconds since 1970: whoever remembers revisions of a bucket that was lost with the files of NATS, such
 * as the registry its session numbers, sees them grow all the same. No bucket takes a write every microsecond.
 */
export async function openBucket(
  nats: NatsConnection,
  definition: BucketDefinition,
  replicas = 1,
): Promise<KV> {
  const manager = await jetstreamManager(nats);
  await addStream(manager, { ...bucketConfigOf(definition, replicas), first_seq: Date.now() * 1_000 });
  return new Kvm(nats).create(definition.name);
}

/** @returns false when there is a stream of that name with other settings */
async function addStream(
  manager: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<boolean> {
  try {
    await manager.streams.add(config);
    return true;
  } catch (error) {
    if ((error as { code?: number }).code !== STREAM_EXISTS) throw error;
    return false;
  }
}

async function ensureStream(manager: JetStreamManager, config: StreamConfig): Promise<void> {
  if (!(await addStream(manager, config))) await manager.streams.update(config.name, config);
}

function configOf(definition: StreamDefinition, setup: StreamSetup): StreamConfig {
  const wanted = definition.maxBytes;
  return {
    name: definition.name,
    subjects: [...definition.subjects],
    storage: StorageType.File,
    num_replicas: setup.replicas,
    retention: definition.retention === 'work-queue' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
    discard: definition.onFull === 'refuse' ? DiscardPolicy.New : DiscardPolicy.Old,
    max_age: definition.maxAgeSeconds * NANOS_PER_SECOND,
    max_msgs_per_subject: definition.maxMessagesPerSubject ?? -1,
    max_bytes: wanted < 0 ? -1 : Math.min(wanted, setup.maxStreamBytes),
    duplicate_window: definition.duplicateWindowSeconds * NANOS_PER_SECOND,
    allow_direct: true,
    // For publishing by fast-ingest batches.
    allow_batched: true,
  } as StreamConfig;
}

/** What clients expect of the stream under a bucket: NATS ADR-8. */
function bucketConfigOf(
  { name, ttlSeconds }: BucketDefinition,
  replicas: number,
): Partial<StreamConfig> & { name: string } {
  return {
    name: `KV_${name}`,
    subjects: [`$KV.${name}.>`],
    storage: StorageType.File,
    num_replicas: replicas,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: 1,
    max_age: ttlSeconds * NANOS_PER_SECOND,
    allow_rollup_hdrs: true,
    allow_direct: true,
  };
}

/**
 * The JetStream streams and key-value buckets of Gatehouse. Durations are in seconds, sizes in bytes.
 * `onFull: 'refuse'` makes the server refuse what does not fit (the writer holds back);
 * `'drop-oldest'` makes room.
 */
export interface StreamDefinition {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly retention: 'limits' | 'work-queue';
  readonly maxAgeSeconds: number;
  readonly maxBytes: number;
  /** Messages kept of each subject; without it as many as fit. */
  readonly maxMessagesPerSubject?: number;
  readonly onFull: 'refuse' | 'drop-oldest';
  readonly duplicateWindowSeconds: number;
}

const GIB = 1024 ** 3;
const DAY = 86_400;

/** What devices published and nobody has parsed yet: one batch a message, deleted when it is done. */
export const UPLINK_STREAM: StreamDefinition = {
  name: 'UPLINK',
  subjects: ['uplink.v1.*.*'],
  retention: 'work-queue',
  maxAgeSeconds: 7 * DAY,
  maxBytes: 4 * GIB,
  onFull: 'refuse',
  duplicateWindowSeconds: 120,
};

/** What applications read: one message a device message, parsed when the gateway parses. */
export const MESSAGES_STREAM: StreamDefinition = {
  name: 'MESSAGES',
  subjects: ['messages.v1.>'],
  retention: 'limits',
  maxAgeSeconds: 7 * DAY,
  maxBytes: 8 * GIB,
  onFull: 'drop-oldest',
  duplicateWindowSeconds: 120,
};

/** Messages that could not be parsed, as their devices sent them, with the error: to be looked at and parsed again. */
export const PARSING_FAILURES_STREAM: StreamDefinition = {
  name: 'PARSING_FAILURES',
  subjects: ['parsing-failures.v1.*.*.*'],
  retention: 'limits',
  maxAgeSeconds: 7 * DAY,
  maxBytes: 1 * GIB,
  maxMessagesPerSubject: 1_000,
  onFull: 'drop-oldest',
  duplicateWindowSeconds: 120,
};

/** Committed events of the registry's log, in order for each of its streams. */
export const REGISTRY_STREAM: StreamDefinition = {
  name: 'REGISTRY',
  subjects: ['registry.events.v1.>'],
  retention: 'limits',
  maxAgeSeconds: 0,
  maxBytes: -1,
  onFull: 'refuse',
  duplicateWindowSeconds: 120,
};

/** What edges report about connections, waiting for the registry to write it down. */
export const PRESENCE_STREAM: StreamDefinition = {
  name: 'PRESENCE',
  subjects: ['presence-reports.v1.*'],
  retention: 'work-queue',
  maxAgeSeconds: 7 * DAY,
  maxBytes: 1 * GIB,
  onFull: 'refuse',
  duplicateWindowSeconds: 120,
};

/** Notifications for applications, in the reference platform's format. */
export const NOTIFICATIONS_STREAM: StreamDefinition = {
  name: 'NOTIFICATIONS',
  subjects: ['presence.v1.>', 'lifecycle.v1.>'],
  retention: 'limits',
  maxAgeSeconds: 7 * DAY,
  maxBytes: 1 * GIB,
  onFull: 'drop-oldest',
  duplicateWindowSeconds: 120,
};

/**
 * Who tried to connect, and what became of it. What was never judged by a CONNECT has a subject of its own, in
 * small messages, so a flood of it pushes out nothing else.
 */
export const ATTEMPTS_STREAM: StreamDefinition = {
  name: 'CONNECTION_ATTEMPTS',
  subjects: ['connection-attempts.v1.*'],
  retention: 'limits',
  maxAgeSeconds: 7 * DAY,
  maxBytes: GIB / 4,
  maxMessagesPerSubject: 20_000,
  onFull: 'drop-oldest',
  duplicateWindowSeconds: 120,
};

/** Some of the last messages of products that are parsed, as their devices sent them: scripts are tried on them. */
export const PARSING_SAMPLES_STREAM: StreamDefinition = {
  name: 'PARSING_SAMPLES',
  subjects: ['parsing-samples.v1.*'],
  retention: 'limits',
  maxAgeSeconds: DAY,
  maxBytes: GIB / 4,
  maxMessagesPerSubject: 100,
  onFull: 'drop-oldest',
  duplicateWindowSeconds: 120,
};

export const STREAMS: readonly StreamDefinition[] = [
  UPLINK_STREAM,
  MESSAGES_STREAM,
  PARSING_FAILURES_STREAM,
  REGISTRY_STREAM,
  PRESENCE_STREAM,
  NOTIFICATIONS_STREAM,
  ATTEMPTS_STREAM,
  PARSING_SAMPLES_STREAM,
];

export interface BucketDefinition {
  readonly name: string;
  /** Entries not written again for this long disappear; 0 keeps them. */
  readonly ttlSeconds: number;
}

/** Which edge holds which device: the session directory. The revision of an entry is the session number. */
export const SESSIONS_BUCKET: BucketDefinition = { name: 'sessions', ttlSeconds: 0 };
/** Which edges are alive, and what they listen on; each edge writes its entry every second. */
export const EDGES_BUCKET: BucketDefinition = { name: 'edges', ttlSeconds: 5 };
/** Which parser instance owns which uplink partition; written every second by the owner. */
export const PARTITIONS_BUCKET: BucketDefinition = { name: 'parser-partitions', ttlSeconds: 4 };

/** Addresses that may not connect for a while; an entry holds when it ends, a day at most. */
export const BANS_BUCKET: BucketDefinition = { name: 'bans', ttlSeconds: DAY };
/** The keys that TLS session tickets are sealed with, the same on every edge; only edges may read it. */
export const TICKET_KEYS_BUCKET: BucketDefinition = { name: 'tls-ticket-keys', ttlSeconds: 0 };

/** OCSP answers about server certificates, kept over restarts and shared by all instances of ocsp. */
export const STAPLES_BUCKET: BucketDefinition = { name: 'ocsp-staples', ttlSeconds: DAY };

export const BUCKETS: readonly BucketDefinition[] = [
  SESSIONS_BUCKET,
  EDGES_BUCKET,
  PARTITIONS_BUCKET,
  BANS_BUCKET,
  TICKET_KEYS_BUCKET,
  STAPLES_BUCKET,
];

/**
 * How many partitions the uplink has. A device always falls in the same one, so its messages stay in order.
 * Part of the contract between edge and parser: changing it needs an empty UPLINK.
 */
export const UPLINK_PARTITIONS = 4;

/** The partition of a device: FNV-1a (32 bit) of its name, modulo {@link UPLINK_PARTITIONS}. */
export function uplinkPartition(deviceName: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < deviceName.length; index += 1) {
    hash = Math.imul(hash ^ deviceName.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % UPLINK_PARTITIONS;
}

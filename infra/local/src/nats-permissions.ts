import {
  encodeDownlink,
  admitDevice,
  answerOcspRequest,
  ATTEMPTS_STREAM,
  BANS_BUCKET,
  certificateStaple,
  certificateStatus,
  EDGES_BUCKET,
  ensureDevice,
  findCredential,
  getGateway,
  getCertificateRevocationList,
  getGatewayAdmission,
  getProductParsing,
  listGateways,
  MESSAGES_STREAM,
  NOTIFICATIONS_STREAM,
  PARSING_FAILURES_STREAM,
  PARSING_SAMPLES_STREAM,
  PARTITIONS_BUCKET,
  PRESENCE_STREAM,
  REGISTRY_STREAM,
  retryFailures,
  SESSIONS_BUCKET,
  STREAMS,
  BUCKETS,
  STAPLES_BUCKET,
  testAuthentication,
  TICKET_KEYS_BUCKET,
  tryScript,
  UPLINK_STREAM,
  watchedSubject,
  watchProduct,
  type BucketDefinition,
  type StreamDefinition,
} from '@gatehouse/contracts';

/** What one NATS user may do; everything else is refused. */
export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Each service is a NATS user of its own; `application` is for those who read messages. */
export const NATS_USERS = ['registry', 'auth', 'ocsp', 'parser', 'edge', 'application'] as const;
export type NatsUserName = (typeof NATS_USERS)[number];

/** Answers to a user go to a prefix of its own, which nobody else may read. */
export const inboxOf = (user: NatsUserName): string => (user === 'application' ? '_INBOX' : `_INBOX_${user}`);

const bucketStream = ({ name }: BucketDefinition): string => `KV_${name}`;
const everyStream = [...STREAMS.map(({ name }) => name), ...BUCKETS.map(bucketStream)];

/** Every service makes sure of the streams at its start; what is there already is not changed by that. */
const setup = [
  '$JS.API.INFO',
  ...everyStream.flatMap((name) => [`$JS.API.STREAM.INFO.${name}`, `$JS.API.STREAM.CREATE.${name}`]),
];
/** New versions may change a stream: the first service that starts does it. */
const migrate = everyStream.map((name) => `$JS.API.STREAM.UPDATE.${name}`);

/** Reading a stream with consumers, and acknowledging. */
const consume = ({ name }: Pick<StreamDefinition, 'name'>): string[] => [
  `$JS.API.STREAM.INFO.${name}`,
  `$JS.API.CONSUMER.CREATE.${name}.>`,
  `$JS.API.CONSUMER.CREATE.${name}`,
  `$JS.API.CONSUMER.DURABLE.CREATE.${name}.>`,
  `$JS.API.CONSUMER.INFO.${name}.*`,
  `$JS.API.CONSUMER.DELETE.${name}.*`,
  `$JS.API.CONSUMER.MSG.NEXT.${name}.*`,
  `$JS.API.CONSUMER.LIST.${name}`,
  `$JS.API.CONSUMER.NAMES.${name}`,
  `$JS.ACK.${name}.>`,
  `$JS.FC.${name}.>`,
];

/** Reading one message of a stream by its number or subject. */
const read = (name: string): string[] => [
  `$JS.API.DIRECT.GET.${name}`,
  `$JS.API.DIRECT.GET.${name}.>`,
  `$JS.API.STREAM.MSG.GET.${name}`,
];
const readBucket = (bucket: BucketDefinition): string[] => [
  ...read(bucketStream(bucket)),
  ...consume({ name: bucketStream(bucket) }),
];
const writeBucket = ({ name }: BucketDefinition): string[] => [`$KV.${name}.>`];

export const NATS_PERMISSIONS: Readonly<Record<NatsUserName, NatsPermissions>> = {
  registry: {
    publish: [
      ...setup,
      ...migrate,
      ...REGISTRY_STREAM.subjects,
      ...NOTIFICATIONS_STREAM.subjects,
      ...read(REGISTRY_STREAM.name),
      ...read(NOTIFICATIONS_STREAM.name),
      ...consume(PRESENCE_STREAM),
      ...readBucket(EDGES_BUCKET),
      ...readBucket(SESSIONS_BUCKET),
      ...writeBucket(SESSIONS_BUCKET),
      ...consume(ATTEMPTS_STREAM),
      ...readBucket(BANS_BUCKET),
      ...writeBucket(BANS_BUCKET),
      testAuthentication.subject,
      certificateStaple.subject,
      'edge.v1.*.deliver',
      'edge.v1.*.kick',
      watchProduct.subject,
      tryScript.subject,
      ...read(PARSING_FAILURES_STREAM.name),
      // Operators throw failures away.
      `$JS.API.STREAM.PURGE.${PARSING_FAILURES_STREAM.name}`,
      retryFailures.subject,
      encodeDownlink.subject,
    ],
    subscribe: ['registry.v1.>', ...REGISTRY_STREAM.subjects, watchedSubject('*')],
  },
  auth: {
    publish: [
      ...setup,
      findCredential.subject,
      getGatewayAdmission.subject,
      ensureDevice.subject,
      certificateStatus.subject,
      ...consume(REGISTRY_STREAM),
      ...read(REGISTRY_STREAM.name),
    ],
    subscribe: [admitDevice.subject, testAuthentication.subject, ...REGISTRY_STREAM.subjects],
  },
  ocsp: {
    publish: [
      ...setup,
      ...readBucket(STAPLES_BUCKET),
      ...writeBucket(STAPLES_BUCKET),
      answerOcspRequest.subject,
      getCertificateRevocationList.subject,
    ],
    subscribe: [certificateStatus.subject, certificateStaple.subject],
  },
  parser: {
    publish: [
      ...setup,
      getProductParsing.subject,
      ...consume(UPLINK_STREAM),
      ...consume(REGISTRY_STREAM),
      ...MESSAGES_STREAM.subjects,
      ...PARSING_FAILURES_STREAM.subjects,
      // What is parsed again is taken out.
      ...read(PARSING_FAILURES_STREAM.name),
      `$JS.API.STREAM.MSG.DELETE.${PARSING_FAILURES_STREAM.name}`,
      ...readBucket(PARTITIONS_BUCKET),
      ...writeBucket(PARTITIONS_BUCKET),
      // An instance that stops takes its entry along.
      `$JS.API.STREAM.PURGE.${bucketStream(PARTITIONS_BUCKET)}`,
      watchedSubject('*'),
      ...PARSING_SAMPLES_STREAM.subjects,
      ...read(PARSING_SAMPLES_STREAM.name),
      // Samples and failed messages go with their product.
      `$JS.API.STREAM.PURGE.${PARSING_SAMPLES_STREAM.name}`,
      `$JS.API.STREAM.PURGE.${PARSING_FAILURES_STREAM.name}`,
    ],
    subscribe: ['parser.v1.>', ...REGISTRY_STREAM.subjects],
  },
  edge: {
    publish: [
      ...setup,
      admitDevice.subject,
      certificateStaple.subject,
      certificateStatus.subject,
      listGateways.subject,
      getGateway.subject,
      ...UPLINK_STREAM.subjects,
      ...PRESENCE_STREAM.subjects,
      ...ATTEMPTS_STREAM.subjects,
      ...readBucket(BANS_BUCKET),
      ...writeBucket(BANS_BUCKET),
      ...readBucket(TICKET_KEYS_BUCKET),
      ...writeBucket(TICKET_KEYS_BUCKET),
      ...consume(REGISTRY_STREAM),
      ...readBucket(EDGES_BUCKET),
      ...writeBucket(EDGES_BUCKET),
      ...readBucket(SESSIONS_BUCKET),
      ...writeBucket(SESSIONS_BUCKET),
      'edge.v1.*.kick',
    ],
    subscribe: ['edge.v1.>', ...REGISTRY_STREAM.subjects],
  },
  application: {
    publish: [
      '$JS.API.INFO',
      '$JS.API.STREAM.NAMES',
      '$JS.API.STREAM.LIST',
      ...consume(MESSAGES_STREAM),
      ...read(MESSAGES_STREAM.name),
      ...consume(NOTIFICATIONS_STREAM),
      ...read(NOTIFICATIONS_STREAM.name),
    ],
    subscribe: [...MESSAGES_STREAM.subjects, ...NOTIFICATIONS_STREAM.subjects],
  },
};

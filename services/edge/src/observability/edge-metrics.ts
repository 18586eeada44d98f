import { CountedByLabel, CountedTotal, observedGauge } from '@gatehouse/observability';

export type ConnectOutcome =
  | 'accepted'
  | 'refused-credentials'
  | 'refused-device-disabled'
  | 'refused-banned-address'
  | 'refused-rate'
  | 'refused-unavailable'
  | 'refused-busy'
  | 'refused-other'
  | 'client-gone';

export type DropReason =
  | 'uplink-nats-away'
  | 'uplink-stopped'
  | 'downlink-client-slow'
  | 'downlink-queue-full'
  | 'downlink-packet-too-large'
  | 'presence-queue-full'
  | 'presence-stopped'
  | 'presence-too-large'
  | 'session-release-failed'
  | 'ban-table-full'
  | 'ban-not-shared'
  | 'attempt-queue-full'
  | 'attempt-refused'
  | 'attempt-stopped';

/** Everything the edge counts; hot paths increment numbers, the metric is read when it is collected. */
export class EdgeMetrics {
  readonly connects = new CountedByLabel<ConnectOutcome>(
    'gatehouse.edge.connects',
    'CONNECT packets by how they ended',
    'outcome',
  );
  readonly refusals = new CountedByLabel<string>(
    'gatehouse.edge.connect_refusals',
    "Refused CONNECT packets by why: auth's reason, or the code of the failure",
    'reason',
  );
  readonly denials = new CountedByLabel<'publish' | 'subscribe' | 'live-subscription'>(
    'gatehouse.edge.permission_denials',
    'What topic permissions refused: messages, subscriptions, and subscriptions that a change ended',
    'action',
  );
  readonly refusedSubscriptions = new CountedByLabel<string>(
    'gatehouse.edge.refused_subscriptions',
    'Topic filters that were not subscribed to, by reason code of SUBACK',
    'reason_code',
  );
  readonly bans = new CountedTotal('gatehouse.edge.bans_imposed', 'Addresses that this edge has banned');
  readonly banExemptions = new CountedTotal(
    'gatehouse.edge.ban_exemptions',
    'CONNECT packets from banned addresses with user names that were admitted from there before',
  );
  readonly flappingDevices = new CountedTotal(
    'gatehouse.edge.flapping_devices',
    'Devices that were found to lose their sessions again and again',
  );
  readonly disconnects = new CountedByLabel<string>(
    'gatehouse.edge.disconnects',
    'Ended sessions by reason',
    'reason',
  );
  readonly tlsFailures = new CountedByLabel<string>(
    'gatehouse.edge.tls_failures',
    'Connections that ended in the TLS handshake, by reason',
    'reason',
  );
  readonly staples = new CountedByLabel<'sent' | 'missing'>(
    'gatehouse.edge.staples',
    'TLS handshakes of clients that asked for a staple (RFC 6066), by whether there was one',
    'outcome',
  );
  readonly certificateVerdicts = new CountedByLabel<'good' | 'revoked' | 'unknown'>(
    'gatehouse.edge.certificate_verdicts',
    'Verdicts on client certificates that ocsp gave, by status',
    'status',
  );
  readonly receivedQos0 = new CountedTotal(
    'gatehouse.edge.uplink_messages',
    'Messages that clients published and the edge took, by QoS',
    { qos: 0 },
  );
  readonly receivedQos1 = new CountedTotal(
    'gatehouse.edge.uplink_messages',
    'Messages that clients published and the edge took, by QoS',
    { qos: 1 },
  );
  readonly receivedBytes = new CountedTotal('gatehouse.edge.received_bytes', 'Bytes read from clients');
  readonly sentBytes = new CountedTotal('gatehouse.edge.sent_bytes', 'Bytes written to clients');
  readonly uplinkBatches = new CountedTotal(
    'gatehouse.edge.uplink_batches',
    'Uplink batches that JetStream has stored',
  );
  readonly uplinkBatchMessages = new CountedTotal(
    'gatehouse.edge.uplink_batch_messages',
    'Messages in stored uplink batches; divided by the batches: the mean batch size',
  );
  readonly uplinkBatchBytes = new CountedTotal(
    'gatehouse.edge.uplink_batch_bytes',
    'Bytes of stored uplink batches',
  );
  readonly uplinkRetries = new CountedTotal(
    'gatehouse.edge.uplink_retries',
    'Uplink batches that were sent again because nobody confirmed them',
  );
  readonly downlink = new CountedByLabel<string>(
    'gatehouse.edge.downlink_messages',
    'Downlink messages by outcome',
    'outcome',
  );
  readonly drops = new CountedByLabel<DropReason>(
    'gatehouse.edge.drops',
    'What was thrown away because a queue was full, by reason',
    'reason',
  );
  readonly attemptsNotRecorded = new CountedByLabel<string>(
    'gatehouse.edge.attempts_not_recorded',
    'Connection attempts that were over the limit of records for their address, by outcome',
    'outcome',
  );
  readonly readingPauses = new CountedTotal(
    'gatehouse.edge.reading_pauses',
    'Times that a socket was not read because a queue was full',
  );

  /** A value that is read from its owner when metrics are collected. */
  observe(gauge: keyof typeof GAUGES, read: () => number): void {
    observedGauge(`gatehouse.edge.${gauge}`, GAUGES[gauge], read);
  }
}

const GAUGES = {
  connections: 'TLS connections that are open',
  sessions: 'Devices that are connected',
  handshake_queue: 'Connections that wait for their TLS handshake or to be refused one, over all gateways',
  silent_connections: 'Connections that have not sent a ClientHello yet',
  departure_queue: 'Connections that wait for their turn to be closed',
  admission_queue: 'CONNECTs that wait for their turn to be admitted, over all gateways',
  clients_in_admission: 'Clients that are being judged, each by one CONNECT at a time',
  bans: 'Addresses that are banned from a gateway, by this edge or another',
  failing_addresses: 'Addresses whose failed attempts are remembered',
  failing_usernames: 'User names whose failed attempts are remembered, by address',
  admitted_usernames: 'User names whose admission is remembered, by address',
  connect_rate_devices: 'Devices whose connects are counted',
  uplink_queue_messages: 'Messages that are read but not stored',
  uplink_queue_bytes: 'Bytes of messages that are read but not stored',
  attempt_queue: 'Records of connection attempts that are not stored yet',
  staples: 'Server certificates that have a staple that holds',
  staple_age_seconds: 'Age of the oldest staple that holds, from when the responder made it',
  known_certificate_verdicts: 'Verdicts on client certificates that are remembered',
  watched_certificates: 'Sessions whose certificates are asked about again and again',
  certificate_checks_waiting:
    'Sessions whose verdict has ended, and whose turn to be asked about has not come',
  presence_queue: 'Connects and disconnects that are not stored yet',
} as const;

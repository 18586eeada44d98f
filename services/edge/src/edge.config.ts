import { serviceConfig } from '@gatehouse/nest';
import { z } from 'zod';

const count = (least: number, standard: number) => z.coerce.number().int().min(least).default(standard);
const KIB = 1_024;
const MIB = 1_048_576;

/** What the edge reads from its environment; README.md explains each. */
export const edgeConfig = serviceConfig.extend({
  /** Address that the gateways' ports are opened on. */
  EDGE_HOST: z.string().default('127.0.0.1'),
  /** From accept to the end of ClientHello; and from the beginning of the TLS handshake to CONNECT. */
  EDGE_CONNECT_TIMEOUT_MS: count(100, 10_000),
  /** Connections of one gateway that wait for their TLS handshake; the next is closed. */
  EDGE_HANDSHAKE_QUEUE: count(1, 5_000),
  EDGE_HANDSHAKE_WAIT_MS: count(100, 10_000),
  /** Of the edge's time, as long as other gateways have devices that connect. */
  EDGE_HANDSHAKE_LOOP_SHARE: z.coerce.number().min(0.1).max(1).default(0.4),
  /** Connections of one address to one port in a minute; 0: any number. */
  EDGE_CONNECTS_PER_ADDRESS: count(0, 0),
  /** Connections of one address to one port that have not sent a ClientHello yet. */
  EDGE_SILENT_PER_ADDRESS: count(1, 1_000),
  EDGE_MAX_PACKET_BYTES: count(KIB, 256 * KIB),
  /** CONNECTs of one gateway that auth is asked about at one time. */
  EDGE_ADMISSION_CONCURRENCY: count(1, 64),
  /** CONNECTs of one gateway that wait for their turn; the next is refused with Server busy. */
  EDGE_ADMISSION_QUEUE: count(0, 1_000),
  /** How long a client waits for its turn and for auth, together. */
  EDGE_ADMISSION_TIMEOUT_MS: count(100, 10_000),
  /** Failed attempts in a minute that ban an address from a gateway; 0: no bans. */
  EDGE_BAN_FAILURES: count(0, 100),
  /** Connections in a minute that came to no CONNECT, by which an address is banned that no device came in from; 0: none. */
  EDGE_BAN_WASTED_CONNECTIONS: count(0, 600),
  EDGE_BAN_SECONDS: z.coerce.number().int().min(1).max(86_400).default(60),
  /** Bans that are known at one time. */
  EDGE_MAX_BANS: count(1, 10_000),
  /** Failed attempts in a minute with one user name from one address; more are refused unasked; 0: no limit. */
  EDGE_FAILURES_PER_USERNAME: count(0, 10),
  /** Entries of each table about clients: failures, admitted user names, connect rates, lost sessions. */
  EDGE_REMEMBERED_CLIENTS: count(100, 50_000),
  /** How long a message may wait for company before its batch is published. */
  EDGE_UPLINK_LINGER_MS: z.coerce.number().int().min(0).max(10).default(2),
  /** The same from 2,000 messages a second. */
  EDGE_UPLINK_DENSE_LINGER_MS: z.coerce.number().int().min(0).max(20).default(5),
  /** Messages and bytes that are read but not yet stored; at the limit sockets are not read. */
  EDGE_UPLINK_QUEUE_MESSAGES: count(1, 10_000),
  EDGE_UPLINK_QUEUE_BYTES: count(MIB, 32 * MIB),
  /** How long JetStream has to answer for one batch before it is sent again. */
  EDGE_UPLINK_TIMEOUT_MS: count(100, 5_000),
  /** Bytes that one client has not taken yet; QoS 0 is dropped and QoS 1 waits above it. */
  EDGE_OUTBOUND_QUEUE_BYTES: count(KIB, MIB),
  /** A client that takes nothing for so long is disconnected. */
  EDGE_OUTBOUND_STALL_MS: count(100, 30_000),
  /** QoS 1 messages for one client that wait because its Receive Maximum is reached. */
  EDGE_DOWNLINK_QUEUE: count(0, 100),
  EDGE_DOWNLINK_TIMEOUT_MS: count(100, 5_000),
  /** Connects and disconnects that are not stored yet. */
  EDGE_PRESENCE_QUEUE: count(1, 100_000),
  /** Least time from one batch of them to the next. */
  EDGE_PRESENCE_LINGER_MS: z.coerce.number().int().min(0).max(1_000).default(500),
  /** Connection attempts of one kind from one address that are recorded in a minute. */
  EDGE_ATTEMPTS_PER_ADDRESS: count(0, 600),
  /** The same of those that never came to a CONNECT, or were turned away before anybody was asked. */
  EDGE_UNIDENTIFIED_ATTEMPTS_PER_ADDRESS: count(0, 30),
  /** Refused attempts of a gateway, and failed ones, that are recorded in a minute, of addresses that no device was admitted from. */
  EDGE_REFUSED_STRANGERS_PER_GATEWAY: count(0, 3_000),
  /** How long TLS session tickets are sealed with one key. */
  EDGE_TICKET_KEY_HOURS: z.coerce.number().min(0.001).max(168).default(12),
  /** Connects and messages of one second that get spans of their own, while telemetry is exported. */
  EDGE_TRACES_PER_SECOND: count(0, 20),
  /** How long stopping may take. */
  EDGE_STOP_TIMEOUT_MS: count(100, 8_000),
});
export type EdgeConfig = z.infer<typeof edgeConfig>;

/**
 * A fleet in one process of its own, so that its CPU is nobody else's: connects `clients`, then publishes at
 * a fixed rate, each message in a write (and so a TLS record) of its own, as real devices do.
 */
import { once } from 'node:events';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { generate } from 'mqtt-packet';
import { connackCode, connectPacket, DISCONNECT } from '../connect-packet.ts';
import type { ImportedDevice } from '../imported-devices.ts';
import { answerParent, failToParent } from '../program-process.ts';
import { KEY_EXCHANGE } from './key-exchange.ts';

export interface LoadClient extends ImportedDevice {
  /** PEM, with the key: shown to the server. */
  readonly certificate?: { readonly certificatePem: string; readonly privateKeyPem: string };
}

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly clients: readonly LoadClient[];
  /** Clients that are connecting at any one time. */
  readonly concurrency: number;
  /** With the TLS session tickets of their last connects. */
  readonly isResuming?: boolean;
}

export interface ConnectResult {
  readonly milliseconds: number;
  /** TLS handshakes that resumed a session. */
  readonly resumed: number;
}

export interface PublishOptions {
  readonly qos: 0 | 1;
  readonly perSecond: number;
  readonly seconds: number;
  readonly payloadBytes: number;
  readonly topic: string;
  /** Payloads are JSON, `{"n":…}` with spaces before the number, which counts from 0 for each client. */
  readonly isNumbered?: boolean;
}

export interface PublishResult {
  readonly sent: number;
  readonly acknowledged: number;
  /** From write to PUBACK, in milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const PUBACK_BYTES = 4;
const TICK_MS = 2;
const ACK_WAIT_MS = 15_000;
const MAX_PACKET_IDENTIFIER = 65_535;

interface Client {
  readonly socket: TLSSocket;
  nextIdentifier: number;
  nextNumber: number;
  readonly sentAt: Float64Array;
}

let clients: Client[] = [];
let acknowledged = 0;
let latencies: number[] = [];

/** The newest ticket of each client. */
const tickets = new Map<string, Buffer>();
let resumed = 0;

async function connect(options: LoadOptions): Promise<ConnectResult> {
  const startedAt = performance.now();
  const waiting = [...options.clients];
  resumed = 0;
  // One for all who show no certificate: making one takes as long as a handshake.
  const plain = createSecureContext({ ca: options.ca, ecdhCurve: KEY_EXCHANGE });
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      clients.push(await connectOne(options, next, plain));
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, work));
  return { milliseconds: performance.now() - startedAt, resumed };
}

async function connectOne(
  { host, port, ca, isResuming }: LoadOptions,
  identity: LoadClient,
  plain: SecureContext,
): Promise<Client> {
  const { certificate, clientId } = identity;
  const ticket = isResuming === true ? tickets.get(clientId) : undefined;
  const socket = connectTls({
    host,
    port,
    secureContext:
      certificate === undefined
        ? plain
        : createSecureContext({
            ca,
            ecdhCurve: KEY_EXCHANGE,
            cert: certificate.certificatePem,
            key: certificate.privateKeyPem,
          }),
    ...(ticket === undefined ? {} : { session: ticket }),
  });
  socket.on('session', (session) => tickets.set(clientId, session));
  await once(socket, 'secureConnect');
  if (socket.isSessionReused()) resumed += 1;
  socket.setNoDelay(true);
  socket.write(connectPacket(identity, 4, 0));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (connackCode(answer) !== 0) {
    throw new Error(`${clientId} was refused: ${answer.toString('hex')}`);
  }
  const client: Client = {
    socket,
    nextIdentifier: 0,
    nextNumber: 0,
    sentAt: new Float64Array(MAX_PACKET_IDENTIFIER + 1),
  };
  readAcknowledgements(client);
  socket.on('error', ({ message }) => failToParent(`${clientId}: ${message}`));
  return client;
}

function readAcknowledgements(client: Client): void {
  let rest: Buffer = Buffer.alloc(0);
  client.socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const now = performance.now();
    let at = 0;
    for (; at + PUBACK_BYTES <= bytes.length; at += PUBACK_BYTES) {
      if (bytes[at] !== 0x40) return failToParent(`unexpected packet ${bytes.toString('hex', at, at + 8)}`);
      acknowledged += 1;
      latencies.push(now - (client.sentAt[bytes.readUInt16BE(at + 2)] ?? now));
    }
    rest = bytes.subarray(at);
  });
}

async function publish(options: PublishOptions): Promise<PublishResult> {
  acknowledged = 0;
  latencies = [];
  const total = options.perSecond * options.seconds;
  const template = generate({
    cmd: 'publish',
    topic: options.topic,
    payload: Buffer.alloc(options.payloadBytes, 'x'),
    qos: options.qos,
    dup: false,
    retain: false,
    ...(options.qos === 1 ? { messageId: 1 } : {}),
  });
  const identifierAt = template.length - options.payloadBytes - 2;
  const startedAt = performance.now();
  let sent = 0;
  await new Promise<void>((resolve) => {
    const tick = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) * options.perSecond) / 1_000));
      for (; sent < due; sent += 1)
        publishOne(clients[sent % clients.length], template, identifierAt, options);
      if (sent === total) {
        clearInterval(tick);
        resolve();
      }
    }, TICK_MS);
  });
  if (options.qos === 1) await acknowledgedAll(total);
  const sorted = Float64Array.from(latencies).toSorted();
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return { sent, acknowledged, p50Ms: at(0.5), p99Ms: at(0.99) };
}

function publishOne(
  client: Client | undefined,
  template: Buffer,
  identifierAt: number,
  { qos, payloadBytes, isNumbered = false }: PublishOptions,
): void {
  if (client === undefined) return;
  if (qos === 0 && !isNumbered) {
    client.socket.write(template);
    return;
  }
  const packet = Buffer.from(template);
  if (isNumbered) {
    const number = String(client.nextNumber).padStart(payloadBytes - '{"n":}'.length);
    packet.write(`{"n":${number}}`, template.length - payloadBytes);
    client.nextNumber += 1;
  }
  if (qos === 1) {
    client.nextIdentifier = (client.nextIdentifier % MAX_PACKET_IDENTIFIER) + 1;
    packet.writeUInt16BE(client.nextIdentifier, identifierAt);
    client.sentAt[client.nextIdentifier] = performance.now();
  }
  client.socket.write(packet);
}

async function acknowledgedAll(total: number): Promise<void> {
  const deadline = performance.now() + ACK_WAIT_MS;
  await new Promise<void>((resolve) => {
    const tick = setInterval(() => {
      if (acknowledged < total && performance.now() < deadline) return;
      clearInterval(tick);
      resolve();
    }, TICK_MS);
  });
}

/** To everything, at QoS 0; what is received is read and thrown away. */
async function subscribe(): Promise<void> {
  for (const { socket } of clients) {
    socket.removeAllListeners('data');
    socket.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos: 0 }] }));
    await once(socket, 'data');
    socket.resume();
  }
}

function end(): void {
  for (const { socket } of clients) socket.end(DISCONNECT);
  clients = [];
}

const program = { connect, publish, subscribe, end };
export type MqttLoad = typeof program;
answerParent(program);

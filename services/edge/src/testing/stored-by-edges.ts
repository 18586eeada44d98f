import {
  ATTEMPTS_STREAM,
  connectionAttempts,
  decodeUplinkBatch,
  EDGES_BUCKET,
  edgeEntry,
  PRESENCE_STREAM,
  presenceReports,
  SESSIONS_BUCKET,
  UPLINK_STREAM,
  type ConnectionAttempt,
  type EdgeEntry,
  type GatewayListener,
  type PresenceReport,
  type UplinkMessage,
} from '@gatehouse/contracts';
import { openBucket } from '@gatehouse/nats';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

/** What edges have stored, read from the streams by sequence number. */
export class StoredByEdges {
  /** By stream and sequence number: what is stored does not change, and is asked for again and again. */
  readonly #read = new Map<string, Uint8Array>();

  constructor(private readonly nats: NatsConnection) {}

  /** Every uplink message, in the order of the stream. */
  async messages(): Promise<(UplinkMessage & { readonly productKey: string; readonly batchId: string })[]> {
    const payloads = await this.#payloads(UPLINK_STREAM.name);
    return payloads.flatMap((payload) => {
      const { productKey, batchId, messages } = decodeUplinkBatch(payload);
      return messages.map((message) => ({ ...message, productKey, batchId }));
    });
  }

  async presence(): Promise<PresenceReport[]> {
    const payloads = await this.#payloads(PRESENCE_STREAM.name);
    return payloads.flatMap((payload) => presenceReports.parse(JSON.parse(Buffer.from(payload).toString())));
  }

  /** Every record of a connection attempt, in the order of the stream. */
  async attempts(): Promise<ConnectionAttempt[]> {
    const payloads = await this.#payloads(ATTEMPTS_STREAM.name);
    return payloads.flatMap((payload) =>
      connectionAttempts.parse(JSON.parse(Buffer.from(payload).toString())),
    );
  }

  /** Entries of the bucket `edges`, by edge id. */
  async edges(): Promise<Map<string, EdgeEntry>> {
    const bucket = await openBucket(this.nats, EDGES_BUCKET);
    const entries = new Map<string, EdgeEntry>();
    for await (const id of await bucket.keys()) {
      const entry = await bucket.get(id);
      if (entry?.operation === 'PUT') entries.set(id, edgeEntry.parse(entry.json()));
    }
    return entries;
  }

  /** Keys of the session directory. */
  async sessions(): Promise<string[]> {
    const bucket = await openBucket(this.nats, SESSIONS_BUCKET);
    const keys: string[] = [];
    for await (const key of await bucket.keys()) keys.push(key);
    return keys;
  }

  /** Throws until some edge listens for this version of the gateway. */
  async expectListening({ gatewayId, version }: GatewayListener, edges = 1): Promise<void> {
    const listening = [...(await this.edges()).values()].filter(({ listeners }) =>
      listeners.some(
        (each) => each.gatewayId === gatewayId && each.version === version && each.status === 'listening',
      ),
    );
    if (listening.length < edges) throw new Error(`${listening.length} edges listen for ${gatewayId}`);
  }

  async #payloads(stream: string): Promise<Uint8Array[]> {
    const manager = await jetstreamManager(this.nats);
    const { state } = await manager.streams.info(stream);
    const payloads: Uint8Array[] = [];
    for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += 1) {
      const key = `${stream} ${seq}`;
      const payload = this.#read.get(key) ?? (await manager.streams.getMessage(stream, { seq }))?.data;
      if (payload === undefined) continue;
      this.#read.set(key, payload);
      payloads.push(payload);
    }
    return payloads;
  }
}

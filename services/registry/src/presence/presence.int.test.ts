import {
  deviceOfSessionKey,
  EDGES_BUCKET,
  edgeSubject,
  presenceReportSubject,
  PRESENCE_STREAM,
  SESSIONS_BUCKET,
  sessionKey,
  type EdgeEntry,
  type PresenceReport,
} from '@gatehouse/contracts';
import { connectNats, openBucket } from '@gatehouse/nats';
import { eventually } from '@gatehouse/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdBackLog } from '../testing/held-back-log.ts';
import {
  createGateway,
  importDevices,
  startServedRegistry,
  type ServedRegistry,
} from '../testing/registry-under-test.ts';

const resources = new AsyncDisposableStack();
let registry: ServedRegistry;
let nats: NatsConnection;
let sessions: KV;
let edges: KV;

beforeAll(async () => {
  registry = resources.use(await startServedRegistry());
  nats = resources.use(await connectNats(registry.natsUrl, 'test'));
  sessions = await openBucket(nats, SESSIONS_BUCKET);
  edges = await openBucket(nats, EDGES_BUCKET);
});
afterAll(() => resources.disposeAsync());

const ENTRY: EdgeEntry = { startedAt: '2026-01-01T00:00:00.000Z', connections: 0, listeners: [] };
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

/** An edge's side of the contract: its entry, its sessions, its reports, and what it is asked. */
class EdgeDouble implements Disposable {
  readonly kicked: unknown[] = [];
  #beat: NodeJS.Timeout | undefined;

  constructor(
    readonly edgeId: string,
    answer: unknown = { ended: true },
  ) {
    for (const verb of ['kick', 'deliver'] as const) {
      nats.subscribe(edgeSubject(edgeId, verb), {
        callback: (_error, message) => {
          this.kicked.push(message.json());
          message.respond(JSON.stringify(answer));
        },
      });
    }
  }

  async live(entry: EdgeEntry = ENTRY): Promise<void> {
    clearInterval(this.#beat);
    await edges.put(this.edgeId, JSON.stringify(entry));
    // One that is under way when the tests are over has no answer.
    this.#beat = setInterval(() => {
      edges.put(this.edgeId, JSON.stringify(entry)).catch(() => undefined);
    }, 1_000);
  }

  async connect(productKey: string, deviceName: string, credentialVersion = 1): Promise<number> {
    const session = await this.claim(productKey, deviceName, credentialVersion);
    await this.report({ type: 'connected', productKey, deviceName, session, credentialVersion });
    return session;
  }

  claim(productKey: string, deviceName: string, credentialVersion: number): Promise<number> {
    const connectedAt = new Date().toISOString();
    const entry = { edgeId: this.edgeId, gatewayId: 'g1', connectedAt, credentialVersion };
    return sessions.put(sessionKey(productKey, deviceName), JSON.stringify(entry));
  }

  /** In one batch. */
  async report(
    ...reports: Pick<PresenceReport, 'type' | 'productKey' | 'deviceName' | 'session' | 'credentialVersion'>[]
  ): Promise<void> {
    const whole = reports.map((report): PresenceReport => ({
      ...report,
      gatewayId: 'g1',
      edgeId: this.edgeId,
      at: new Date().toISOString(),
      clientId: 'client',
      remoteAddress: '192.0.2.7',
      protocolVersion: 5,
      ...(report.type === 'disconnected' ? { reason: 'closed' } : {}),
      traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
    }));
    await jetstream(nats).publish(presenceReportSubject(this.edgeId), JSON.stringify(whole));
  }

  die(): void {
    clearInterval(this.#beat);
  }

  [Symbol.dispose](): void {
    this.die();
  }
}

async function newDevice(name: string): Promise<{ productKey: string; path: string }> {
  const { productKey } = await createGateway(registry, `p_${Math.random().toString(36).slice(2, 10)}`);
  await importDevices(registry, productKey, name);
  return { productKey, path: `/products/${productKey}/devices/${name}` };
}

const status = async (path: string): Promise<string> => (await registry.call(`GET ${path}`)).body.status;

test('what an edge reports becomes the status and the history of the device, in its trace', async () => {
  const { productKey, path } = await newDevice('pump-7');
  using edge = new EdgeDouble('edge-a');
  await edge.live();
  const session = await edge.connect(productKey, 'pump-7');
  await eventually(async () => expect(await status(path)).toBe('ONLINE'));
  await edge.report({ type: 'disconnected', productKey, deviceName: 'pump-7', session });
  await eventually(async () => expect(await status(path)).toBe('OFFLINE'));
  const { body } = await registry.call(`GET ${path}/events`);
  expect(
    body.items.map((each: { type: string; traceId: string }) => [each.type, each.traceId]),
  ).toMatchObject([
    ['DeviceDisconnected', TRACE],
    ['DeviceConnected', TRACE],
    ['DeviceImported', expect.anything()],
  ]);
  const manager = await jetstreamManager(nats);
  await eventually(async () => {
    expect((await manager.streams.info(PRESENCE_STREAM.name)).state.messages).toBe(0);
  });
});

test('a report that nobody can read is put aside, and the next ones are written', async () => {
  const { productKey, path } = await newDevice('pump-8');
  await jetstream(nats).publish(presenceReportSubject('edge-a'), 'not JSON');
  using edge = new EdgeDouble('edge-b');
  await edge.live();
  await edge.connect(productKey, 'pump-8');
  await eventually(async () => expect(await status(path)).toBe('ONLINE'));
});

test.each([
  [':disable', 'device-disabled'],
  ['', 'device-deleted'],
])('a live connection ends after %j, and nobody waits for the log', async (verb, reason) => {
  const { productKey, path } = await newDevice('a:b@c');
  using edge = new EdgeDouble(`edge-${reason}`);
  await edge.live();
  const session = await edge.connect(productKey, 'a:b@c');
  await eventually(async () => expect(await status(path)).toBe('ONLINE'));
  await using held = new AsyncDisposableStack();
  held.use(await holdBackLog(registry.databaseUrl));
  await registry.call(verb === '' ? `DELETE ${path}` : `POST ${path}${verb}`);
  await eventually(() => {
    expect(edge.kicked).toContainEqual({ productKey, deviceName: 'a:b@c', upToSession: session, reason });
  });
});

test.each([
  ['POST', ':disable', 'device-disabled'],
  ['DELETE', '', 'device-deleted'],
  ['PUT', '/credentials', 'credentials-changed'],
])(
  'a session that opens after %s …%s, since its admission took so long, ends when it is reported',
  async (method, verb, reason) => {
    const { productKey, path } = await newDevice('pump-late');
    using edge = new EdgeDouble(`edge-late-${reason}`);
    await edge.live();
    const first = await edge.connect(productKey, 'pump-late');
    await eventually(async () => expect(await status(path)).toBe('ONLINE'));
    const request = method === 'PUT' ? { json: { password: 'another' } } : {};
    await registry.call(`${method} ${path}${verb}`, request);
    const kick = (upToSession: number) => ({ productKey, deviceName: 'pump-late', upToSession, reason });
    // By the instance that took the command, and by the log: nobody looks for the next 6 s.
    await eventually(() => expect(edge.kicked).toEqual([kick(first), kick(first)]));
    const late = await edge.connect(productKey, 'pump-late');
    await eventually(() => expect(edge.kicked.at(-1)).toEqual(kick(late)), 4_000);
  },
);

test('a session that may not be is ended also when the end of the former one is reported after it', async () => {
  const { productKey, path } = await newDevice('pump-moved');
  using edge = new EdgeDouble('edge-moved');
  await edge.live();
  await registry.call(`POST ${path}:disable`);
  const session = await edge.claim(productKey, 'pump-moved', 1);
  const device = { productKey, deviceName: 'pump-moved' };
  await edge.report(
    { type: 'connected', ...device, session, credentialVersion: 1 },
    { type: 'disconnected', ...device, session: session - 1 },
  );
  const kick = { ...device, upToSession: session, reason: 'device-disabled' };
  await eventually(() => expect(edge.kicked).toContainEqual(kick), 5_000);
});

test('the sessions of an edge that dies are closed, in the log and in the directory', async () => {
  const { productKey, path } = await newDevice('pump.9');
  using survivor = new EdgeDouble('edge-alive');
  await survivor.live();
  const { productKey: otherKey, path: otherPath } = await newDevice('pump-10');
  await survivor.connect(otherKey, 'pump-10');
  {
    using edge = new EdgeDouble('edge-dying');
    await edge.live();
    await edge.connect(productKey, 'pump.9');
    await eventually(async () => expect(await status(path)).toBe('ONLINE'));
  }
  await eventually(async () => expect(await status(path)).toBe('OFFLINE'));
  const { body } = await registry.call(`GET ${path}/events?limit=1`);
  expect(body.items).toMatchObject([{ type: 'DeviceDisconnected', data: { reason: 'edge-lost' } }]);
  await eventually(async () => {
    const entry = await sessions.get(sessionKey(productKey, 'pump.9'));
    expect(entry?.operation).toBe('DEL');
  });
  expect(await status(otherPath)).toBe('ONLINE');
  expect(deviceOfSessionKey(sessionKey(otherKey, 'pump-10'))?.deviceName).toBe('pump-10');
});

test('a gateway listens when every live edge listens with its current version', async () => {
  const { gatewayId } = await createGateway(registry, 'plant_status');
  const of = async () => (await registry.call(`GET /gateways/${gatewayId}`)).body;
  using edge = new EdgeDouble('edge-listening');
  await edge.live({ ...ENTRY, listeners: [{ gatewayId, version: 1, status: 'listening' }] });
  // Edges of the tests before count until their entries are too old.
  await eventually(async () => expect((await of()).status).toBe('listening'));
  await edge.live({
    ...ENTRY,
    listeners: [{ gatewayId, version: 1, status: 'failed', reason: 'port is taken' }],
  });
  await eventually(async () => {
    expect(await of()).toMatchObject({
      status: 'failed',
      statusReason: 'edge edge-listening: port is taken',
    });
  });
});

test('a message goes to the edge that holds the device, and the outcome comes back', async () => {
  const { productKey, path } = await newDevice('pump-11');
  const send = (json: unknown) => registry.call(`POST ${path}/messages`, { json });
  const message = { topic: 'down/led', payload: 'aGk=', qos: 1 };
  expect(await send(message)).toMatchObject({ status: 200, body: { outcome: 'offline' } });
  using edge = new EdgeDouble('edge-delivering', { outcome: 'delivered' });
  await edge.live();
  await edge.connect(productKey, 'pump-11');
  const sent = await send(message);
  expect(sent).toMatchObject({ status: 200, body: { outcome: 'delivered' } });
  expect(edge.kicked).toEqual([
    {
      productKey,
      deviceName: 'pump-11',
      message: { ...message, retain: false, messageId: sent.body.messageId },
    },
  ]);
  expect(await send({ ...message, topic: 'a/#' })).toMatchObject({ status: 400 });

  using silent = new EdgeDouble('edge-silent', { outcome: 'unacknowledged' });
  await silent.connect(productKey, 'pump-11');
  expect(await send(message)).toMatchObject({
    status: 504,
    body: { code: 'REGISTRY_DOWNLINK_UNACKNOWLEDGED' },
  });
});

test('a device comes online after the session directory was lost with the files of NATS', async () => {
  const { productKey, path } = await newDevice('pump-lost');
  using edge = new EdgeDouble('edge-lost-files');
  await edge.live();
  const session = await edge.connect(productKey, 'pump-lost');
  await eventually(async () => expect(await status(path)).toBe('ONLINE'));
  await edge.report({ type: 'disconnected', productKey, deviceName: 'pump-lost', session });
  await eventually(async () => expect(await status(path)).toBe('OFFLINE'));

  const manager = await jetstreamManager(nats);
  await manager.streams.delete(`KV_${SESSIONS_BUCKET.name}`);
  sessions = await openBucket(nats, SESSIONS_BUCKET);

  await edge.connect(productKey, 'pump-lost');
  await eventually(async () => expect(await status(path)).toBe('ONLINE'));
});

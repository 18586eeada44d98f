import { join } from 'node:path';
import {
  isInCanary,
  MESSAGE_HEADERS,
  PARSING_SAMPLES_STREAM,
  parsingSampleSubject,
} from '@gatehouse/contracts';
import { ManagedProcess, projectDirectory } from '@gatehouse/local-servers';
import { connectNats } from '@gatehouse/nats';
import { eventually, startTestNats } from '@gatehouse/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { TestGateways, type TestGateway } from '../test-gateways.ts';

const DEVICES = Array.from({ length: 12 }, (_, n) => `pump-${n}`);
const resources = new AsyncDisposableStack();
let gatehouse: RunningGatehouse;
let gateway: TestGateway;
let nats: Awaited<ReturnType<typeof connectNats>>;
let clients: MqttClient[];
/** Of each device, the version that parsed its last message. */
const versionOf = new Map<string, number>();
let received = 0;

beforeAll(async () => {
  const server = resources.use(await startTestNats());
  const environment = { NATS_URL: server.url, PARSER_SAMPLES_PER_SECOND: '1000' };
  gatehouse = resources.use(await RunningGatehouse.start({ environment }));
  const parser = await secondParser(server.url);
  resources.defer(() => parser.stop());
  const gateways = await TestGateways.of(gatehouse);
  gateway = await gateways.open('versions', { parsing: { enabled: true } });
  const { port, ca, host } = gateway.address;
  const devices = DEVICES.map((username) => ({ username, password: 'secret' }));
  await gatehouse.api('POST', `/products/${gateway.productKey}/devices:import`, { devices });
  clients = await Promise.all(
    DEVICES.map((username) =>
      connectAsync(`mqtts://${host}:${port}`, { username, password: 'secret', clientId: username, ca }),
    ),
  );
  resources.defer(() => Promise.all(clients.map((client) => client.endAsync())).then(() => undefined));
  nats = resources.use(await connectNats(server.url, 'test'));
  nats.subscribe(`messages.v1.${gateway.productKey}.>`, {
    callback: (_error, { subject, headers }) => {
      received += 1;
      versionOf.set(subject.split('.')[3] ?? '', Number(headers?.get(MESSAGE_HEADERS.scriptVersion)));
    },
  });
});
afterAll(() => resources.disposeAsync());

/** Beside the one that `npm start` runs; resolves when it works on its share of the partitions. */
async function secondParser(natsUrl: string): Promise<ManagedProcess> {
  const url = Promise.withResolvers<string>();
  const parser = await ManagedProcess.start({
    command: process.execPath,
    arguments: [join(projectDirectory, 'services/parser/dist/main.js')],
    stopSignal: 'SIGTERM',
    spawn: {
      cwd: projectDirectory,
      env: {
        PATH: process.env['PATH'],
        NATS_URL: natsUrl,
        HTTP_PORT: '0',
        PARSER_SAMPLES_PER_SECOND: '1000',
      },
    },
    onLine: (line) => {
      const ready = /"http":"([^"]+)".*service ready/.exec(line)?.[1];
      if (ready !== undefined) url.resolve(ready);
    },
  });
  const metrics = `${await url.promise}/metrics`;
  await eventually(async () => {
    expect(await (await fetch(metrics)).text()).toMatch(/gatehouse_parser_partitions(\{[^}]*\})? 2/);
  });
  return parser;
}

const path = (rest: string): string => `/products/${gateway.productKey}/parsing/${rest}`;
const code = (v: number): string =>
  `function transformPayload(topic, rawData) { return { v: ${v}, n: rawData[0] }; }`;
const putDraft = (v: number) =>
  gatehouse.api('PUT', path('draft'), { language: 'javascript', code: code(v) });

async function publishFromAll(): Promise<void> {
  const before = received;
  await Promise.all(clients.map((client) => client.publishAsync('up', Buffer.of(7), { qos: 1 })));
  await eventually(() => expect(received).toBeGreaterThanOrEqual(before + clients.length));
}

/** @returns milliseconds from the call's answer until every device was parsed by the version meant for it */
async function untilParsedBy(versionFor: (deviceName: string) => number): Promise<number> {
  const startedAt = performance.now();
  await eventually(async () => {
    await publishFromAll();
    for (const name of DEVICES) expect([name, versionOf.get(name)]).toEqual([name, versionFor(name)]);
  }, 60_000);
  return performance.now() - startedAt;
}

const tell = ({ annotate }: TestContext, what: string, ms: number): Promise<unknown> =>
  annotate(`${what} after ${ms.toFixed(0)} ms`);

test('what is submitted, restored or put aside takes effect on two parsers', async (context) => {
  await putDraft(1);
  await gatehouse.api('POST', path('draft:submit'));
  await untilParsedBy(() => 1);

  await putDraft(2);
  for (let round = 0; round < 5; round += 1) await publishFromAll();
  expect(new Set(versionOf.values())).toEqual(new Set([1]));

  expect(await gatehouse.api('POST', path('draft:submit'))).toMatchObject({ body: { version: 2 } });
  await tell(context, 'submit in force on both parsers', await untilParsedBy(() => 2));
  await gatehouse.api('POST', path('versions/1:restore'));
  await tell(context, 'restore in force on both parsers', await untilParsedBy(() => 1));

  await putDraft(3);
  await gatehouse.api('POST', path('draft:submit'), { canaryPercent: 50 });
  await untilParsedBy((name) => (isInCanary(name, 50) ? 3 : 1));
  expect(new Set(DEVICES.map((name) => isInCanary(name, 50))).size).toBe(2);
  await gatehouse.api('POST', path('canary:promote'));
  await untilParsedBy(() => 3);
});

test('a draft is tried on the last 100 real messages beside the version in force', async (context) => {
  for (let round = 0; round < 10; round += 1) await publishFromAll();
  await putDraft(4);
  const body = { recent: 100, compare: true };
  for (const which of ['the first trial', 'the next one']) {
    const startedAt = performance.now();
    const answer = await gatehouse.api('POST', path('draft:try'), body);
    await tell(context, `${which} of 100 messages answered`, performance.now() - startedAt);
    expect(answer.status).toBe(200);
    const { items } = answer.body;
    expect(items).toHaveLength(100);
    expect(Array.isArray(items) ? items[0] : undefined).toMatchObject({
      outcome: 'parsed',
      result: { v: 4, n: 7 },
      comparison: { version: 3, isEqual: false, result: { v: 3, n: 7 } },
      message: { topic: 'up', payload: 'Bw==' },
    });
  }
  await publishFromAll();
  expect(new Set(versionOf.values())).toEqual(new Set([3]));
});

test('the raw messages that were kept go with their gateway', async () => {
  const manager = await jetstreamManager(nats);
  const kept = async (): Promise<number> => {
    const subject = parsingSampleSubject(gateway.productKey);
    const { state } = await manager.streams.info(PARSING_SAMPLES_STREAM.name, { subjects_filter: subject });
    return state.subjects?.[subject] ?? 0;
  };
  expect(await kept()).toBe(100);
  expect(await gatehouse.api('DELETE', `${gateway.path}?force=true`)).toMatchObject({ status: 204 });
  await eventually(async () => expect(await kept()).toBe(0));
});

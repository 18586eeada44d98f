import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  getProductParsing,
  MESSAGES_STREAM,
  registryEventSubject,
  UPLINK_STREAM,
  UplinkBatchEncoder,
  uplinkPartition,
  uplinkSubject,
  watchedMessage,
  watchedSubject,
  watchProduct,
  type ProductParsing,
  type UplinkMessage,
  type WatchedMessage,
} from '@gatehouse/contracts';
import { callService, connectNats, ensureStreams } from '@gatehouse/nats';
import { newTraceContext, traceparentOf } from '@gatehouse/observability';
import { eventually, startTestNats } from '@gatehouse/testing';
import { jetstream, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { expect, test } from 'vitest';

const PRODUCT = 'a1product';
/** The registry's answer for it breaks its contract. */
const MALFORMED_PRODUCT = 'a1malformed';
const GATEWAY = 'gw-1';
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

interface ParserProcess {
  readonly metricsUrl: string;
  /** How it ended, once it has. */
  readonly ended: Promise<NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** The built service as a process of its own; resolves when it is ready. */
async function startParser(natsUrl: string): Promise<ParserProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, NATS_URL: natsUrl, HTTP_PORT: '0', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit').then(() => child.signalCode);
  const metricsUrl = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, http } = JSON.parse(line) as { msg: string; http?: string };
      if (msg === 'service ready') resolve(`${http}/metrics`);
    });
    child.once('exit', () => reject(new Error('the parser ended before it was ready')));
  });
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return { metricsUrl, ended, kill };
}

/** NATS with the streams, a registry that says how products are parsed, and an edge that publishes. */
async function startSurroundings() {
  const server = await startTestNats();
  const nats = await connectNats(server.url, 'test');
  await ensureStreams(nats, { replicas: 1, maxStreamBytes: 256 * 1024 * 1024 });
  const manager = await jetstreamManager(nats);
  const stream = jetstream(nats);
  const parsings = new Map<string, ProductParsing>();
  const registry = nats.subscribe(getProductParsing.subject, {
    callback: (_error, message) => {
      const { productKey } = getProductParsing.request.parse(message.json());
      const parsing = productKey === MALFORMED_PRODUCT ? 'nonsense' : (parsings.get(productKey) ?? null);
      message.respond(JSON.stringify({ parsing }));
    },
  });
  const parsers: ParserProcess[] = [];
  let batches = 0;

  return {
    nats,
    manager,
    registry,
    async startParser(): Promise<ParserProcess> {
      const parser = await startParser(server.url);
      parsers.push(parser);
      return parser;
    },
    setScript(version: number, code: string | undefined, productKey = PRODUCT): void {
      const script = code === undefined ? null : { version, language: 'javascript' as const, code };
      parsings.set(productKey, { productKey, gatewayId: GATEWAY, enabled: true, script });
    },
    /** Publishes a batch as an edge does, and gives its id. */
    async publish(
      messages: readonly (Partial<UplinkMessage> & { deviceName: string })[],
      productKey = PRODUCT,
    ): Promise<string> {
      const encoder = new UplinkBatchEncoder();
      for (const message of messages) {
        encoder.add({
          topic: 'up/data',
          qos: 1,
          retain: false,
          receivedAt: Date.UTC(2026, 0, 1),
          trace: newTraceContext(),
          payload: Buffer.from('{}'),
          ...message,
        });
      }
      const batchId = `edge-${GATEWAY}-${(batches += 1)}`;
      const partition = uplinkPartition(messages[0]?.deviceName ?? '');
      await stream.publish(uplinkSubject(GATEWAY, partition), encoder.take(productKey, batchId), {
        msgID: batchId,
      });
      return batchId;
    },
    publishRaw: (payload: Uint8Array) => stream.publish(uplinkSubject(GATEWAY, 0), payload),
    /** All messages of the stream MESSAGES, once there are so many. */
    async messages(count: number, timeoutMs = 15_000): Promise<StoredMsg[]> {
      return eventually(async () => {
        const { state } = await manager.streams.info(MESSAGES_STREAM.name);
        if (state.messages < count) throw new Error(`${state.messages} of ${count} messages`);
        const stored: StoredMsg[] = [];
        for (let seq = 1; seq <= state.last_seq; seq += 1) {
          const message = await manager.streams.getMessage(MESSAGES_STREAM.name, { seq });
          if (message !== null) stored.push(message);
        }
        return stored;
      }, timeoutMs);
    },
    /** What somebody who watches a product gets to see from now on. */
    async watched(productKey = PRODUCT): Promise<WatchedMessage[]> {
      const seen: WatchedMessage[] = [];
      nats.subscribe(watchedSubject(productKey), {
        callback: (_error, message) => {
          seen.push(watchedMessage.parse(message.json()));
        },
      });
      await callService(nats, watchProduct, { productKey, seconds: 30 });
      return seen;
    },
    uplinkIsEmpty: () =>
      eventually(async () => {
        const { state } = await manager.streams.info(UPLINK_STREAM.name);
        expect(state.messages).toBe(0);
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all(parsers.map((parser) => parser.kill('SIGKILL')));
      await nats.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const text = (message: StoredMsg | undefined): string => Buffer.from(message?.data ?? []).toString();
const script = (code: string): string => `function transformPayload(topic, rawData) { ${code} }`;

test('without parsing a message passes as it is, with what is known of it in its headers', async () => {
  await using around = await startSurroundings();
  await around.startParser();
  const trace = newTraceContext();
  const payload = Uint8Array.of(0, 255, 10, 13);

  const batchId = await around.publish([
    {
      deviceName: 'pump.7',
      topic: 'up/a b/c?_sn=default',
      trace,
      payload,
      properties: { contentType: 'x/y' },
    },
  ]);

  const [message] = await around.messages(1);
  expect(message?.subject).toBe('messages.v1.a1product.pump%2E7.up.a%20b.c');
  expect([...(message?.data ?? [])]).toEqual([...payload]);
  expect(Object.fromEntries(message?.header ?? [])).toEqual({
    'Nats-Msg-Id': [`${batchId}-0`],
    'Gatehouse-Message-Id': [`${batchId}-0`],
    'Gatehouse-Topic': ['up/a b/c'],
    'Gatehouse-Qos': ['1'],
    'Gatehouse-Time': ['2026-01-01T00:00:00.000Z'],
    'Content-Type': ['x/y'],
    traceparent: [traceparentOf(trace)],
  });
  await around.uplinkIsEmpty();
});

test('with parsing a message is what the script makes of it; what the script fails is dropped', async () => {
  await using around = await startSurroundings();
  around.setScript(3, script('if (rawData[0] > 9) throw "too hot"; return { topic: topic, t: rawData[0] }'));
  const parser = await around.startParser();

  const batchId = await around.publish(
    [1, 10, 2].map((byte) => ({ deviceName: 'pump', payload: Uint8Array.of(byte) })),
  );

  const messages = await around.messages(2);
  expect(messages.map(text)).toEqual(['{"topic":"up/data","t":1}', '{"topic":"up/data","t":2}']);
  expect(messages[1]?.header.get('Gatehouse-Message-Id')).toBe(`${batchId}-2`);
  expect(messages[1]?.header.get('Content-Type')).toBe('application/json');
  expect(messages[1]?.header.get('Gatehouse-Script-Version')).toBe('3');
  await around.uplinkIsEmpty();
  const metrics = await (await fetch(parser.metricsUrl)).text();
  expect(metrics).toMatch(/gatehouse_parser_messages_total\{outcome="parsed"[^}]*\} 2/);
  expect(metrics).toMatch(/gatehouse_parser_script_failures_total\{code="26002"[^}]*\} 1/);
});

test('a new script takes effect when the registry reports it', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('return { v: 1 }'));
  await around.startParser();
  await around.publish([{ deviceName: 'pump' }]);
  await around.messages(1);

  around.setScript(2, script('return { v: 2 }'));
  around.nats.publish(registryEventSubject('parsing-script', PRODUCT), '{}');
  await around.publish([{ deviceName: 'pump' }]);

  expect((await around.messages(2)).map(text)).toEqual(['{"v":1}', '{"v":2}']);
});

test('messages wait for the registry when it is away', async () => {
  await using around = await startSurroundings();
  around.registry.unsubscribe();
  await around.startParser();
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('waited') }]);
  const answer = around.nats.subscribe(getProductParsing.subject, { max: 2 });
  let asked = 0;
  for await (const question of answer) {
    asked += 1;
    if (asked === 2) question.respond(JSON.stringify({ parsing: null }));
  }
  expect((await around.messages(1)).map(text)).toEqual(['waited']);
});

test('a malformed batch is given up and the next one is handled', async () => {
  await using around = await startSurroundings();
  const parser = await around.startParser();
  await around.publishRaw(Buffer.from('GU\u0001 nonsense'));
  const device = Array.from({ length: 50 }, (_, n) => `pump-${n}`).find(
    (name) => uplinkPartition(name) === 0,
  );
  await around.publish([{ deviceName: device ?? '' }]);
  await around.messages(1);
  await around.uplinkIsEmpty();
  const metrics = await (await fetch(parser.metricsUrl)).text();
  expect(metrics).toMatch(/gatehouse_parser_batches_total\{outcome="malformed"[^}]*\} 1/);
});

test('who watches a product sees its messages raw and parsed, failures too', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('return rawData[0] ? { n: rawData[0] } : null'));
  await around.startParser();
  const seen = await around.watched();
  await expect(
    callService(around.nats, watchProduct, { productKey: PRODUCT, seconds: 0 }),
  ).rejects.toMatchObject({ code: 'BUS_REQUEST_MALFORMED' });

  await around.publish([1, 0].map((byte) => ({ deviceName: 'pump', payload: Uint8Array.of(byte) })));

  await eventually(() => expect(seen).toHaveLength(2));
  expect(seen[0]).toMatchObject({
    deviceName: 'pump',
    topic: 'up/data',
    raw: 'AQ==',
    outcome: 'parsed',
    payload: Buffer.from('{"n":1}').toString('base64'),
    scriptVersion: 1,
  });
  expect(seen[1]).toMatchObject({
    raw: 'AA==',
    outcome: 'failed',
    error: { code: '6201', message: 'transformPayload returned nothing' },
  });
});

test('a parser that is killed in the middle loses nothing, doubles nothing and keeps the order of each device', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('return { n: rawData[0] * 256 + rawData[1] }'));
  const devices = Array.from({ length: 8 }, (_, n) => `pump-${n}`);
  const perDevice = 600;
  const firstParser = await around.startParser();

  const publishing = (async () => {
    for (let n = 0; n < perDevice; n += 4) {
      await Promise.all(
        devices.map((deviceName) =>
          around.publish(
            [n, n + 1, n + 2, n + 3].map((each) => ({
              deviceName,
              payload: Uint8Array.of(each >> 8, each & 0xff),
            })),
          ),
        ),
      );
    }
  })();
  await around.messages(devices.length * 40);
  await firstParser.kill('SIGKILL');
  await publishing;
  await around.startParser();

  const messages = await around.messages(devices.length * perDevice, 25_000);
  const numbers = new Map<string, number[]>();
  for (const message of messages) {
    const { n } = message.json<{ n: number }>();
    numbers.set(message.subject, [...(numbers.get(message.subject) ?? []), n]);
  }
  const expected = Array.from({ length: perDevice }, (_, n) => n);
  for (const name of devices) expect(numbers.get(`messages.v1.${PRODUCT}.${name}.up.data`)).toEqual(expected);
  await around.uplinkIsEmpty();
  expect(await around.messages(0)).toHaveLength(devices.length * perDevice);
});

test('a parser that stops in order hands its partitions over at once', async () => {
  await using around = await startSurroundings();
  const first = await around.startParser();
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('1') }]);
  await around.messages(1);
  await around.startParser();
  await first.kill('SIGTERM');
  const startedAt = performance.now();
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('2') }]);
  expect((await around.messages(2)).map(text)).toEqual(['1', '2']);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

test('when NATS is interrupted the work goes on where it was', async () => {
  await using around = await startSurroundings();
  await around.startParser();
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('1') }]);
  await around.messages(1);
  const manager = await jetstreamManager(around.nats);
  await manager.consumers.delete(UPLINK_STREAM.name, `parser-${uplinkPartition('pump')}`);
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('2') }]);
  expect((await around.messages(2)).map(text)).toEqual(['1', '2']);
});

test('a script that not even V8 can end costs the rest of its group and one restart', async () => {
  await using around = await startSurroundings();
  around.setScript(
    1,
    script('if (rawData[0] === 7) Array.prototype.sort.call({ length: 1e9 }); return { n: rawData[0] }'),
  );
  const parser = await around.startParser();
  const bytes = [1, ...Array.from({ length: 20 }, () => 7)];
  await around.publish(bytes.map((byte) => ({ deviceName: 'pump', payload: Uint8Array.of(byte) })));
  expect((await around.messages(1)).map(text)).toEqual(['{"n":1}']);
  expect(await parser.ended).toBe('SIGKILL');
  await around.uplinkIsEmpty();

  await around.startParser();
  await around.publish([{ deviceName: 'pump', payload: Uint8Array.of(3) }]);
  expect((await around.messages(2)).map(text)).toEqual(['{"n":1}', '{"n":3}']);
  await around.uplinkIsEmpty();
});

test('a product whose script loops does not hold up another product', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('for (;;);'), 'a1loops');
  around.setScript(1, script('return { n: rawData[0] }'));
  const parser = await around.startParser();
  await around.publish([{ deviceName: 'pump', payload: Uint8Array.of(1) }]);
  await around.messages(1);
  const messages = Array.from({ length: 100 }, () => ({ deviceName: 'mixer' }));
  for (let each = 0; each < 5; each += 1) await around.publish(messages, 'a1loops');

  const startedAt = performance.now();
  await around.publish([{ deviceName: 'pump', payload: Uint8Array.of(2) }]);
  expect((await around.messages(2)).map(text)).toEqual(['{"n":1}', '{"n":2}']);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  await around.uplinkIsEmpty();
  const metrics = await (await fetch(parser.metricsUrl)).text();
  expect(metrics).toMatch(/gatehouse_parser_script_failures_total\{code="26010"[^}]*\} 497/);
});

test('a message with more properties than NATS takes headers fails by itself', async () => {
  await using around = await startSurroundings();
  const parser = await around.startParser();
  const seen = await around.watched();
  const userProperties = Array.from({ length: 3_000 }, () => ['', ''] as const);
  const batchId = await around.publish([
    { deviceName: 'pump', payload: Buffer.from('1') },
    { deviceName: 'pump', properties: { userProperties } },
    { deviceName: 'pump', payload: Buffer.from('3') },
  ]);
  expect((await around.messages(2)).map(text)).toEqual(['1', '3']);
  await around.uplinkIsEmpty();
  await eventually(() => expect(seen).toHaveLength(3));
  expect(seen[1]).toMatchObject({
    messageId: `${batchId}-1`,
    outcome: 'failed',
    error: { code: 'PARSER_MESSAGE_TOO_LARGE' },
  });
  const metrics = await (await fetch(parser.metricsUrl)).text();
  expect(metrics).toMatch(/script_failures_total\{code="PARSER_MESSAGE_TOO_LARGE"[^}]*\} 1/);
  expect(metrics).toMatch(/gatehouse_parser_messages_total\{outcome="failed"[^}]*\} 1/);
});

test('a message that the stream refuses for good is found and fails by itself', async () => {
  await using around = await startSurroundings();
  const parser = await around.startParser();
  const seen = await around.watched();
  await around.manager.streams.update(MESSAGES_STREAM.name, { max_msg_size: 10_000 });
  await around.publish(
    ['1', '2'.repeat(20_000), '3', '4'].map((each) => ({ deviceName: 'pump', payload: Buffer.from(each) })),
  );
  expect((await around.messages(3)).map(text)).toEqual(['1', '3', '4']);
  await around.uplinkIsEmpty();
  await eventually(() =>
    expect(seen.filter(({ outcome }) => outcome === 'failed').map(({ error }) => error?.code)).toEqual([
      'PARSER_MESSAGE_REFUSED',
    ]),
  );
  const metrics = await (await fetch(parser.metricsUrl)).text();
  expect(metrics).toMatch(/gatehouse_parser_messages_total\{outcome="failed"[^}]*\} 1/);
  expect(metrics).toMatch(/gatehouse_parser_messages_total\{outcome="passed"[^}]*\} 3/);
});

test('a product that the registry gives malformed answers for does not hold up another product', async () => {
  await using around = await startSurroundings();
  await around.startParser();
  const seen = await around.watched(MALFORMED_PRODUCT);
  await around.publish([{ deviceName: 'mixer' }], MALFORMED_PRODUCT);
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('1') }]);
  expect((await around.messages(1)).map(text)).toEqual(['1']);
  await around.uplinkIsEmpty();
  await eventually(() => expect(seen[0]?.error?.code).toBe('PARSER_PARSING_UNKNOWN'));
});

import { getProductParsing, uplinkPartition, watchProduct } from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import { newTraceContext, traceparentOf } from '@gatehouse/observability';
import { eventually } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { PRODUCT, script, startSurroundings, text } from './testing/parser-under-test.ts';

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

test('with parsing a message is what the script makes of it; what the script fails is left out', async () => {
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

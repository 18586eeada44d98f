import { traceparentOf, newTraceContext } from '@gatehouse/observability';
import { expect, test } from 'vitest';
import { script, startSurroundings, text } from '../testing/parser-under-test.ts';

test('a message that its script fails is kept aside as it came, with its error', async () => {
  await using around = await startSurroundings();
  around.setScript(3, script('if (rawData[0] > 9) throw "too hot"; return { t: rawData[0] }'));
  await around.startParser();
  const trace = newTraceContext();
  const batchId = await around.publish(
    [1, 10].map((byte) => ({
      deviceName: 'pump.7',
      topic: 'up/a b?_sn=default',
      trace,
      payload: Uint8Array.of(byte, 0),
      properties: { contentType: 'x/y' },
    })),
  );
  const [failure] = await around.failures(1);
  expect(failure?.subject).toBe('parsing-failures.v1.a1product.pump%2E7.26002');
  expect([...(failure?.data ?? [])]).toEqual([10, 0]);
  expect(Object.fromEntries(failure?.header ?? [])).toEqual({
    'Nats-Msg-Id': [`${batchId}-1`],
    'Gatehouse-Message-Id': [`${batchId}-1`],
    'Gatehouse-Topic': ['up/a b'],
    'Gatehouse-Qos': ['1'],
    'Gatehouse-Time': ['2026-01-01T00:00:00.000Z'],
    'Gatehouse-Script-Version': ['3'],
    'Gatehouse-Parsing-Error': ['26002'],
    'Gatehouse-Parsing-Error-Message': ['too hot'],
    'Content-Type': ['x/y'],
    traceparent: [traceparentOf(trace)],
  });
  expect(await around.messages(1)).toHaveLength(1);
  await around.uplinkIsEmpty();
});

test('a gateway that forwards what failed has it raw in MESSAGES, marked and in its place', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('if (rawData[0] === 2) nothing(); return { t: rawData[0] }'), {
    onFailure: 'forward-raw',
  });
  await around.startParser();
  await around.publish([1, 2, 3].map((byte) => ({ deviceName: 'pump', payload: Buffer.from([byte]) })));
  const messages = await around.messages(3);
  expect(messages.map(text)).toEqual(['{"t":1}', '\u0002', '{"t":3}']);
  expect(messages.map(({ header }) => header.get('Gatehouse-Parsing-Error'))).toEqual(['', '26002', '']);
  expect(messages[1]?.header.has('Gatehouse-Script-Version')).toBe(false);
  const [failure] = await around.failures(1);
  expect(failure?.header.get('Gatehouse-Parsing-Error-Line')).toBe('1');
  expect(failure?.header.get('Gatehouse-Parsing-Error-Message')).toMatch(/^ReferenceError/);
});

test('a product without a script has its messages kept aside until there is one', async () => {
  await using around = await startSurroundings();
  around.setScript(1, undefined);
  await around.startParser();
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('1') }]);
  const [failure] = await around.failures(1);
  expect(failure?.subject).toBe('parsing-failures.v1.a1product.pump.26001');
  expect(text(failure)).toBe('1');
});

test('whatever text its script throws, a failed message is kept aside and nobody waits for it', async () => {
  await using around = await startSurroundings();
  around.setScript(1, "throw new Error('\\ud800\\nodd')");
  around.setScript(1, script('return { n: 1 }'), { productKey: 'a1good' });
  await around.startParser();
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('1') }]);
  const [failure] = await around.failures(1);
  expect(failure?.header.get('Gatehouse-Parsing-Error-Message')).toBe('Error: \ufffd odd');
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('1') }], 'a1good');
  expect((await around.messages(1)).map(text)).toEqual(['{"n":1}']);
  await around.uplinkIsEmpty();
});

test('a parser that is killed while messages fail loses none and doubles none', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('if (rawData[0] % 2) throw "odd"; return { n: rawData[0] }'));
  const first = await around.startParser();
  const devices = Array.from({ length: 8 }, (_, n) => `pump-${n}`);
  const publishing = (async () => {
    for (let n = 0; n < 100; n += 1) {
      await Promise.all(
        devices.map((deviceName) => around.publish([{ deviceName, payload: Uint8Array.of(n) }])),
      );
    }
  })();
  await around.failures(40);
  await first.kill('SIGKILL');
  await publishing;
  await around.startParser();
  await around.uplinkIsEmpty();
  const messages = await around.messages(400);
  const failures = await around.failures(400);
  expect([messages.length, failures.length]).toEqual([400, 400]);
  for (const name of devices) {
    const ofDevice = failures.filter(({ subject }) => subject.includes(`.${name}.`));
    expect(ofDevice.map(({ data }) => data[0])).toEqual(Array.from({ length: 50 }, (_, n) => n * 2 + 1));
  }
});

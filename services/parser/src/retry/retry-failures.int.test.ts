import { PARSING_FAILURES_STREAM, retryFailures, type RequestOf } from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import { expect, test } from 'vitest';
import { PRODUCT, script, startSurroundings, text } from '../testing/parser-under-test.ts';

type Surroundings = Awaited<ReturnType<typeof startSurroundings>>;
type Asked = Partial<Pick<RequestOf<typeof retryFailures>, 'filter' | 'limit' | 'after'>>;

const retry = ({ nats }: Surroundings, { filter = {}, limit = 10_000, after }: Asked = {}) =>
  callService(nats, retryFailures, { productKey: PRODUCT, filter, limit, after });
const done = (parsed: number, failed: number, remaining = 0) => ({
  outcome: 'done',
  parsed,
  failed,
  remaining,
  ...(remaining > 0 && { next: expect.any(String) }),
});
const bytes = (deviceName: string, ...values: number[]) =>
  values.map((value) => ({ deviceName, payload: Uint8Array.of(value) }));
const keptAside = async ({ manager }: Surroundings): Promise<number> =>
  (await manager.streams.info(PARSING_FAILURES_STREAM.name)).state.messages;

test('what parses after a fix comes to MESSAGES once, in order, and is kept aside no more', async () => {
  await using around = await startSurroundings();
  around.setScript(3, script('throw "broken"'), { onFailure: 'forward-raw' });
  const parser = await around.startParser();
  const batchId = await around.publish(
    bytes('pump.7', 1, 2, 3).map((message) => ({
      ...message,
      topic: 'up/a b',
      properties: { responseTopic: 're', userProperties: [['kö', 'v'] as const] },
    })),
  );
  await around.publish(bytes('mixer', 1));
  await around.failures(4);
  const raw = (await around.messages(4)).find(({ subject }) => subject.includes('pump'));
  expect(await retry(around)).toEqual(done(0, 4));
  expect(await keptAside(around)).toBe(4);

  around.setScript(4, script('return { n: rawData[0] }'));
  expect(await retry(around, { filter: { deviceName: 'pump.7', code: '26002' }, limit: 2 })).toEqual(
    done(2, 0, 1),
  );
  expect(await retry(around, { filter: { deviceName: 'pump.7' } })).toEqual(done(1, 0));
  expect(await retry(around, { filter: { deviceName: 'pump.7' } })).toEqual(done(0, 0));
  expect(await keptAside(around)).toBe(1);
  const again = (await around.messages(7)).slice(4);
  expect(again.map(text)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
  expect(again.map(({ subject }) => subject)).toEqual(Array(3).fill(raw?.subject));
  const { 'Gatehouse-Parsing-Error': _, ...headers } = Object.fromEntries(raw?.header ?? []);
  expect(Object.fromEntries(again[0]?.header ?? [])).toEqual({
    ...headers,
    'Nats-Msg-Id': [`${batchId}-0-retry`],
    'Gatehouse-Message-Id': [`${batchId}-0-retry`],
    'Gatehouse-Script-Version': ['4'],
    'Gatehouse-Parsed-Again': ['1'],
    'Content-Type': ['application/json'],
  });
  const metrics = await (await fetch(parser.metricsUrl)).text();
  expect(metrics).toMatch(/gatehouse_parser_retried_total\{outcome="parsed"[^}]*\} 3/);
});

test('what fails again stays, with the error and the version of now', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('throw "broken"'));
  await around.startParser();
  const batchId = await around.publish(bytes('pump', 1, 2, 3));
  await around.failures(3);

  around.setScript(
    2,
    script('if (rawData[0] === 2) return null; if (rawData[0] === 3) throw "still"; return { n: 1 }'),
  );
  expect(await retry(around, { filter: { messageIds: [`${batchId}-1`, `${batchId}-2`, 'gone'] } })).toEqual(
    done(0, 2),
  );
  expect(await retry(around, { filter: { code: '26002' } })).toEqual(done(1, 1));
  const left = (await around.failures(2)).map(({ subject, data, header }) => [
    subject.split('.').at(-1),
    data[0],
    header.get('Gatehouse-Message-Id'),
    header.get('Gatehouse-Parsing-Error-Message'),
    header.get('Gatehouse-Script-Version'),
  ]);
  expect(left).toEqual([
    ['6201', 2, `${batchId}-1`, expect.any(String), '2'],
    ['26002', 3, `${batchId}-2`, 'still', '2'],
  ]);
});

test('a retry that goes on where the one before ended comes to each message once', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('throw "broken"'));
  await around.startParser();
  await around.publish(bytes('pump', 1, 2, 3, 4, 5, 6));
  await around.failures(6);
  // The oldest go on failing, one of them in another way each time.
  around.setScript(
    2,
    script('if (rawData[0] < 3) throw "broken"; if (rawData[0] === 4) throw Math.random(); return { n: 1 }'),
  );
  const came = [];
  let next: string | undefined;
  do {
    const reply = await retry(around, { limit: 2, after: next });
    if (reply.outcome === 'busy') throw new Error('busy');
    came.push([reply.parsed, reply.failed, reply.remaining]);
    ({ next } = reply);
  } while (next !== undefined);
  expect(came).toEqual([
    [0, 2, 4],
    [1, 1, 2],
    [2, 0, 0],
  ]);
  expect(await keptAside(around)).toBe(3);
});

test('a message is parsed again under its topic, whatever spaces and line ends that has', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('throw " broken "'), { onFailure: 'forward-raw' });
  await around.startParser();
  const topic = ' up/a\n';
  await around.publish([{ deviceName: 'pump', topic, payload: Uint8Array.of(1) }]);
  await around.failures(1);
  const [raw] = await around.messages(1);
  expect(await retry(around)).toEqual(done(0, 1));
  expect((await around.failures(1)).map(({ seq }) => seq)).toEqual([1]);

  around.setScript(2, script('return { topic }'));
  expect(await retry(around)).toEqual(done(1, 0));
  const [, again] = await around.messages(2);
  expect(again?.subject).toBe(raw?.subject);
  expect(JSON.parse(text(again))).toEqual({ topic });
});

test('a retry that is killed midway and repeated stores each message once and in order', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('throw "broken"'));
  const first = await around.startParser();
  const devices = ['pump', 'mixer', 'valve', 'tank', 'fan', 'lamp'];
  const values = Array.from({ length: 90 }, (_, n) => n);
  for (const name of devices) await around.publish(bytes(name, ...values));
  await around.failures(540);

  // The last of each device goes on failing; and everything takes a moment.
  const slow = 'const end = Date.now() + 4; while (Date.now() < end);';
  around.setScript(2, script(`${slow} if (rawData[0] === 89) throw "still"; return { n: rawData[0] }`));
  void retry(around).catch(() => undefined);
  await around.messages(100);
  await first.kill('SIGKILL');
  await around.startParser();
  const { parsed } = (await retry(around)) as { parsed: number };
  expect(parsed).toBeGreaterThan(0);
  const messages = await around.messages(534);
  expect(messages).toHaveLength(534);
  for (const name of devices) {
    const ofDevice = messages.filter(({ subject }) => subject.includes(`.${name}.`));
    expect(ofDevice.map(text)).toEqual(values.slice(0, 89).map((n) => `{"n":${n}}`));
  }
  expect((await around.failures(6)).map(({ data }) => data[0])).toEqual(Array(6).fill(89));
  expect(await keptAside(around)).toBe(6);
});

test('one retry of a product is busy until the other is over, and without a script it is refused', async () => {
  await using around = await startSurroundings();
  around.setScript(1, undefined);
  await around.startParser();
  await around.publish(bytes('pump', 1));
  await around.failures(1);
  await expect(retry(around)).rejects.toMatchObject({
    code: 'PARSER_RETRY_WITHOUT_SCRIPT',
    kind: 'conflict',
  });
  // Not reported to the parser yet: who has just submitted a script is not to be told that there is none.
  around.setScript(2, script('return { n: rawData[0] }'), { isReported: false });
  const outcomes = (await Promise.all([retry(around), retry(around)])).map(({ outcome }) => outcome);
  expect(outcomes.toSorted()).toEqual(['busy', 'done']);
  expect((await around.messages(1)).map(text)).toEqual(['{"n":1}']);
});

test('a retry that the registry does not answer for is refused, and live messages go on by what is known', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('return { n: rawData[0] }'));
  await around.startParser();
  await around.publish(bytes('pump', 1));
  await around.messages(1);
  around.spoilAnswer();
  await expect(retry(around)).rejects.toMatchObject({ code: 'PARSER_PARSING_UNKNOWN', kind: 'unavailable' });
  await around.publish(bytes('pump', 2));
  expect((await around.messages(2)).map(text)).toEqual(['{"n":1}', '{"n":2}']);
});

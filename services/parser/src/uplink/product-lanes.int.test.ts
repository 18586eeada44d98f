import { expect, test } from 'vitest';
import { PRODUCT, script, startSurroundings, text } from '../testing/parser-under-test.ts';

const SLOW = 'a1slow';
/** A script that works for so long and then says which message it was. */
const working = (milliseconds: number): string =>
  script(
    `for (var end = Date.now() + ${milliseconds}; Date.now() < end;); return { n: rawData[0] * 256 + rawData[1] }`,
  );

type Surroundings = Awaited<ReturnType<typeof startSurroundings>>;

/** One message a batch, numbered for each device. */
async function publish(around: Surroundings, productKey: string, count: number, devices = 10): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await Promise.all(
      Array.from({ length: devices }, (_, device) =>
        around.publish(
          [{ deviceName: `pump-${device}`, payload: Uint8Array.of(n >> 8, n & 255) }],
          productKey,
        ),
      ),
    );
  }
}

/** The numbers that came through, by device. */
function numbersOf(messages: Awaited<ReturnType<Surroundings['messages']>>): number[][] {
  const ofDevices = Map.groupBy(messages, ({ subject }) => subject);
  return Array.from(ofDevices.values(), (ofDevice) =>
    ofDevice.map((message) => (JSON.parse(text(message)) as { n: number }).n),
  );
}

test('a product with a slow script is not waited for, and keeps the order of its devices', async () => {
  await using around = await startSurroundings();
  around.setScript(1, working(20), { productKey: SLOW });
  around.setScript(1, working(0));
  await around.startParser();
  await Promise.all([publish(around, SLOW, 4), publish(around, PRODUCT, 4)]);

  const messages = await around.messages(80);
  const isSlow = ({ subject }: { subject: string }) => subject.startsWith(`messages.v1.${SLOW}.`);
  expect(messages.findLastIndex((each) => !isSlow(each))).toBeLessThan(messages.findLastIndex(isSlow));
  expect(numbersOf(messages.filter(isSlow))).toEqual(Array.from({ length: 10 }, () => [0, 1, 2, 3]));
  expect(numbersOf(messages.filter((each) => !isSlow(each)))).toEqual(
    Array.from({ length: 10 }, () => [0, 1, 2, 3]),
  );
  await around.uplinkIsEmpty();
});

test('a product whose script cannot keep up is throttled when others need the room, and loses nothing', async () => {
  await using around = await startSurroundings();
  around.setScript(1, working(30), { productKey: SLOW });
  around.setScript(1, working(0));
  // Slow, and none of its messages too slow for a busy machine.
  const parser = await around.startParser({ PARSER_SCRIPT_TIMEOUT_MS: '500' });
  await publish(around, PRODUCT, 1);
  await around.messages(10);
  await Promise.all([publish(around, SLOW, 40), publish(around, PRODUCT, 40)]);
  // What is not throttled takes 12 s of a machine that has nothing else to do.
  await around.uplinkIsEmpty(60_000);

  const messages = await around.messages(410);
  const failures = await around.failures(1);
  const slow = messages.filter(({ subject }) => subject.startsWith(`messages.v1.${SLOW}.`));
  expect(messages.length - slow.length).toBe(410);
  expect(slow.length + failures.length).toBe(400);
  expect(new Set(failures.map(({ subject }) => subject.split('.')[2]))).toEqual(new Set([SLOW]));
  expect(new Set(failures.map(({ subject }) => subject.split('.')[4]))).toEqual(new Set(['26010']));
  for (const numbers of numbersOf(slow))
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
  const metrics = await (await fetch(parser.metricsUrl)).text();
  expect(metrics).toMatch(/gatehouse_parser_throttled_total\{who="product"[^}]*\} [1-9]/);
});

test('a product that has the instance for itself is never throttled for being slow', async () => {
  await using around = await startSurroundings();
  around.setScript(1, working(2));
  await around.startParser();
  await publish(around, PRODUCT, 60);
  expect(numbersOf(await around.messages(600))).toEqual(
    Array.from({ length: 10 }, () => Array.from({ length: 60 }, (_, n) => n)),
  );
  await around.uplinkIsEmpty();
  expect(await around.failures(0)).toHaveLength(0);
});

import { CountedTotal } from '@gatehouse/observability';
import { afterEach, expect, test, vi } from 'vitest';
import { body, numbered, shown } from '../testing/script-outcomes.ts';
import { IsolateSandboxes } from './isolate-sandbox.ts';
import { ScriptFailure } from './script-failure.ts';
import type { ScriptSandbox } from './script-sandbox.ts';

const sandboxes = new IsolateSandboxes(
  { timeoutMs: 50, memoryMb: 32, maxResultBytes: 100_000 },
  { scriptCpuSeconds: new CountedTotal('test.script_cpu', ''), onIsolateLost: () => undefined },
);
const opened: ScriptSandbox[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const sandbox of opened.splice(0)) sandbox.retire();
});

function open(code: string): ScriptSandbox {
  const sandbox = sandboxes.open(code);
  opened.push(sandbox);
  return sandbox;
}

const STOPPED = /^26010 the script ran out of time or memory too often and is stopped until 20\d\d-/;
const LOOPED = '26002 transformPayload took longer than 50 ms';

const ofDevices = (names: readonly string[]) =>
  names.map((deviceName, index) => ({ topic: `up/${index}`, payload: Uint8Array.of(index), deviceName }));

test('a device whose messages loop is throttled, and the others of its product have their results', async () => {
  // Budgets come back with time, of which a busy machine takes more.
  vi.useFakeTimers({ toFake: ['performance'] });
  const sandbox = open(body('if (rawData[0] % 2) for (;;); return { n: rawData[0] }'));
  const inputs = ofDevices(Array.from({ length: 20 }, (_, n) => (n % 2 ? 'mixer' : 'pump')));
  const outcomes = (await sandbox.run(inputs)).map(shown);
  expect(outcomes.filter((_, n) => n % 2 === 0)).toEqual(
    Array.from({ length: 10 }, (_, each) => ({ n: each * 2 })),
  );
  expect([outcomes[1], outcomes[3], outcomes[5]]).toEqual([LOOPED, LOOPED, LOOPED]);
  const throttled = expect.stringMatching(
    /^26010 the messages of device mixer fail or take time too often; it is throttled until 20\d\d-/,
  );
  expect(outcomes[7]).toEqual(throttled);
  expect((await sandbox.run(ofDevices(['pump', 'mixer']))).map(shown)).toEqual([{ n: 0 }, throttled]);
});

test('a device whose messages keep failing is throttled, one that is told nothing for its messages is not', async () => {
  const sandbox = open(body('if (topic === "up/0") return null; throw "no"'));
  const outcomes = async (deviceName: string, topic: string) =>
    (
      await sandbox.run(Array.from({ length: 110 }, () => ({ topic, payload: Uint8Array.of(1), deviceName })))
    ).map(shown);
  await outcomes('pump', 'up/0');
  expect((await outcomes('pump', 'up/0')).at(-1)).toBe('6201 transformPayload returned nothing');
  expect((await outcomes('mixer', 'up/1')).at(-1)).toBe('26002 no');
  expect((await outcomes('mixer', 'up/1')).at(-1)).toMatch(/^26010 the messages of device mixer/);
  expect((await outcomes('pump', 'up/1'))[0]).toBe('26002 no');
});

test('a device that was throttled is parsed again as soon as its time is over, without anybody doing anything', async () => {
  // The clock of budgets alone: what ends a script goes by real time.
  vi.useFakeTimers({ toFake: ['performance'] });
  const sandbox = open(body('if (rawData[0] === 1) throw "no"; return { n: rawData[0] }'));
  const send = async (byte: number, count: number) => {
    const message = { topic: 'up', payload: Uint8Array.of(byte), deviceName: 'mixer' };
    return shown((await sandbox.run(Array.from({ length: count }, () => message))).at(-1));
  };
  expect(await send(1, 110)).toBe('26002 no');
  expect(await send(2, 1)).toMatch(/^26010 the messages of device mixer/);
  vi.advanceTimersByTime(4_900);
  expect(await send(2, 1)).toMatch(/^26010/);
  vi.advanceTimersByTime(200);
  expect(await send(2, 1)).toEqual({ n: 2 });
});

test('a script that loops for three devices is stopped for all', async () => {
  const sandbox = open(body('if (rawData[0] < 3) for (;;); return { n: rawData[0] }'));
  const outcomes = (await sandbox.run(ofDevices(['pump', 'mixer', 'valve', 'meter']))).map(shown);
  expect(outcomes).toEqual([LOOPED, LOOPED, LOOPED, expect.stringMatching(STOPPED)]);
});

test('a run of slow messages is given up as soon as that is asked for', async () => {
  const sandbox = open(body('for (var end = Date.now() + 20; Date.now() < end;); return { n: rawData[0] }'));
  let asked = 0;
  const givenUp = () => ((asked += 1) >= 8 ? new ScriptFailure('26010', 'given up') : undefined);
  const outcomes = await sandbox.run(numbered(100), { givenUp, ran: () => undefined });
  const done = outcomes.filter((outcome) => !(outcome instanceof ScriptFailure)).length;
  expect(done).toBeGreaterThan(1);
  expect(done).toBeLessThan(20);
  expect(shown(outcomes[done])).toBe('26010 given up');
});

test('slow messages that nobody gives up all have their results', async () => {
  const sandbox = open(body('for (var end = Date.now() + 7; Date.now() < end;); return { n: rawData[0] }'));
  expect((await sandbox.run(numbered(40))).map(shown)).toEqual(Array.from({ length: 40 }, (_, n) => ({ n })));
});

import { expect, test } from 'vitest';
import { IsolateTrials } from '../script/isolate-trial.ts';
import { body } from '../testing/script-outcomes.ts';
import type { TriedMessage } from './trial-order.ts';
import { runTrial } from './trial-run.ts';

const trials = new IsolateTrials(
  { timeoutMs: 5_000, memoryMb: 32, maxResultBytes: 100_000 },
  { scriptCpuSeconds: { add: () => undefined }, onIsolateLost: () => undefined },
);

test('a result that is too long to be shown is compared and left where it is', async () => {
  const code = body("return { text: 'x'.repeat(rawData[0]) }");
  const messages: TriedMessage[] = [];
  const order = {
    code,
    comparedCode: code,
    inputs: [10, 200].map((byte) => ({
      direction: 'uplink' as const,
      topic: 'up',
      payload: Uint8Array.of(byte),
    })),
    maxShownBytes: 100,
  };
  expect(await runTrial(trials, order, (message) => messages.push(message) > 0)).toBe(true);
  const [short, long] = messages;
  expect(short?.tried).toEqual({ outcome: 'parsed', bytes: expect.any(Uint8Array) });
  expect(long).toMatchObject({
    tried: { outcome: 'parsed', bytes: null },
    compared: { outcome: { outcome: 'parsed', bytes: null }, isEqual: true },
  });
});

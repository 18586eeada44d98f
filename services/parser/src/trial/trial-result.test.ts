import { expect, test } from 'vitest';
import { trialResult } from './trial-result.ts';
import type { TriedMessage, TriedOutcome } from './trial-order.ts';

const parsed = (value: unknown): TriedOutcome => ({
  outcome: 'parsed',
  bytes: Buffer.from(JSON.stringify(value)),
});
const tried = (more: Partial<TriedMessage> = {}): TriedMessage => ({
  tried: parsed({ n: 1 }),
  log: { lines: [], isCut: false },
  milliseconds: 1,
  memoryBytes: 1_000,
  compared: undefined,
  ...more,
});
const UPLINK = { direction: 'uplink' } as const;
const limits = (maxBytes: number) => ({ version: 3, maxBytes });

test('a result that is too large for its share of the answer is left out, and the answer says so', () => {
  const large = tried({ tried: parsed({ text: 'x'.repeat(1_000) }) });
  expect(trialResult(large, UPLINK, limits(4_000))).toMatchObject({ isCut: false });
  expect(trialResult(large, UPLINK, limits(2_000))).toMatchObject({
    outcome: 'parsed',
    result: null,
    isCut: true,
  });
});

test('lines that do not fit are left out', () => {
  const lines = Array.from({ length: 50 }, () => ({ level: 'log' as const, text: 'x'.repeat(68) }));
  const { logs, isCut } = trialResult(tried({ log: { lines, isCut: false } }), UPLINK, limits(8_000));
  expect([logs.length, isCut]).toEqual([10, true]);
});

test('the version in force is shown where it differs', () => {
  const compared = { outcome: parsed({ n: 2 }), isEqual: false };
  expect(trialResult(tried({ compared }), UPLINK, limits(8_000)).comparison).toEqual({
    version: 3,
    isEqual: false,
    outcome: 'parsed',
    result: { n: 2 },
    error: null,
  });
  const equal = { outcome: parsed({ n: 1 }), isEqual: true };
  expect(trialResult(tried({ compared: equal }), UPLINK, limits(8_000)).comparison).toMatchObject({
    isEqual: true,
    result: null,
  });
});

test('bytes for a device are shown as hex and as base64', () => {
  const bytes: TriedOutcome = { outcome: 'parsed', bytes: Uint8Array.of(1, 255) };
  const { result } = trialResult(tried({ tried: bytes }), { direction: 'downlink' }, limits(8_000));
  expect(result).toEqual({ hex: '01ff', base64: 'Af8=' });
});

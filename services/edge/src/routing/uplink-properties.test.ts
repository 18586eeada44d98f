import { decodeUplinkBatch, UplinkBatchEncoder } from '@gatehouse/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uplinkProperties } from './uplink-properties.ts';
import { PropertiesTooLarge } from './uplink.failures.ts';

const message = {
  deviceName: 'pump-1',
  topic: 'up',
  qos: 0,
  retain: false,
  receivedAt: 0,
  trace: new Uint8Array(25),
  payload: new Uint8Array(0),
};

test('a message without properties that concern others carries none', () => {
  expect(uplinkProperties(undefined)).toBeUndefined();
  expect(uplinkProperties({})).toBeUndefined();
  expect(uplinkProperties({ topicAlias: 3 })).toBeUndefined();
});

test('properties travel, correlation data as base64', () => {
  const properties = uplinkProperties({
    contentType: 'text/plain',
    correlationData: Buffer.from([0, 255]),
    userProperties: [
      ['a', '1'],
      ['a', '2'],
    ],
    topicAlias: 1,
  });
  expect(properties).toEqual({
    contentType: 'text/plain',
    correlationData: 'AP8=',
    userProperties: [
      ['a', '1'],
      ['a', '2'],
    ],
  });
});

test('whatever is let through fits into an uplink batch and comes out of it as it was', () => {
  const text = fc.string({ unit: 'binary', maxLength: 5_000 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 4 }), (pairs) => {
      let properties;
      try {
        properties = uplinkProperties({ userProperties: pairs });
      } catch (error) {
        expect(error).toBeInstanceOf(PropertiesTooLarge);
        return;
      }
      const encoder = new UplinkBatchEncoder();
      encoder.add({ ...message, ...(properties === undefined ? {} : { properties }) });
      const batch = decodeUplinkBatch(encoder.take('a1', 'b'));
      expect(batch.messages[0]?.properties?.userProperties).toEqual(pairs);
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['very many small ones', 1_100, 'k', 'v'],
  ['few that are not ASCII', 4, 'k', '温'.repeat(1_000)],
  ['one of control characters', 1, 'k', '\u0001'.repeat(6_000)],
])('user properties whose header lines would be over 32 kB are refused: %s', (_name, count, name, value) => {
  const userProperties = Array.from({ length: count }, (): [string, string] => [name, value]);
  expect(Buffer.byteLength(JSON.stringify(userProperties))).toBeLessThan(65_535);
  expect(() => uplinkProperties({ userProperties })).toThrow(PropertiesTooLarge);
});

test('a content type that JSON would write too long for a batch is refused', () => {
  expect(() => uplinkProperties({ contentType: '\u0001'.repeat(12_000) })).toThrow(PropertiesTooLarge);
});

test('a user property that fits as a header line is let through', () => {
  const userProperties: [string, string][] = [['k', 'v'.repeat(32_000)]];
  expect(uplinkProperties({ userProperties })).toEqual({ userProperties });
});

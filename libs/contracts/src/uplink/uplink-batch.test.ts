import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeUplinkBatch,
  MalformedUplinkBatch,
  UplinkBatchEncoder,
  type UplinkMessage,
} from './uplink-batch.ts';

const message = fc.record<UplinkMessage>({
  deviceName: fc.stringMatching(/^[A-Za-z0-9\-_@.:]{4,32}$/),
  topic: fc.string({ unit: 'grapheme', maxLength: 100 }),
  qos: fc.integer({ min: 0, max: 2 }),
  retain: fc.boolean(),
  receivedAt: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  trace: fc.uint8Array({ minLength: 25, maxLength: 25 }),
  payload: fc.uint8Array({ maxLength: 300 }),
});

function encode(messages: readonly UplinkMessage[]): Uint8Array {
  const encoder = new UplinkBatchEncoder();
  for (const each of messages) encoder.add(each);
  return encoder.take('a1product', 'edge1-0-7');
}

test('a batch decodes to what was collected, in order', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 20 }), (messages) => {
      const batch = decodeUplinkBatch(encode(messages));
      expect(batch.productKey).toBe('a1product');
      expect(batch.batchId).toBe('edge1-0-7');
      expect(
        batch.messages.map((each) => ({ ...each, payload: [...each.payload], trace: [...each.trace] })),
      ).toEqual(messages.map((each) => ({ ...each, payload: [...each.payload], trace: [...each.trace] })));
    }),
  );
});

test('MQTT 5.0 properties travel with their message', () => {
  const properties = { contentType: 'text/plain', userProperties: [['site', '七号']] as const };
  const [only] = decodeUplinkBatch(
    encode([
      {
        deviceName: 'pump',
        topic: 'up',
        qos: 1,
        retain: true,
        receivedAt: 1,
        trace: new Uint8Array(25),
        payload: new Uint8Array([9]),
        properties,
      },
    ]),
  ).messages;
  expect(only?.properties).toEqual(properties);
});

test('a batch cut anywhere, or with bytes to spare, is malformed and nothing else', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), fc.nat(), (messages, cut) => {
      const whole = encode(messages);
      expect(() => decodeUplinkBatch(whole.subarray(0, cut % whole.length))).toThrow(MalformedUplinkBatch);
      expect(() => decodeUplinkBatch(Buffer.concat([whole, Buffer.of(0)]))).toThrow(MalformedUplinkBatch);
    }),
  );
});

test('random bytes never do anything but decode or fail as malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const framed = Buffer.concat([Buffer.from([0x47, 0x55, 1]), bytes]);
      try {
        decodeUplinkBatch(framed);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedUplinkBatch);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('an encoder that was taken from starts empty', () => {
  const encoder = new UplinkBatchEncoder();
  encoder.add({
    deviceName: 'pump',
    topic: 'up',
    qos: 0,
    retain: false,
    receivedAt: 1,
    trace: new Uint8Array(25),
    payload: new Uint8Array(40_000),
  });
  expect(encoder.count).toBe(1);
  encoder.take('p', 'b');
  expect([encoder.count, encoder.bytes]).toEqual([0, 0]);
  expect(decodeUplinkBatch(encoder.take('p', 'c')).messages).toEqual([]);
});

import type { UplinkMessage } from '@gatehouse/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageHeaderBlock } from './message-headers.ts';

const message: UplinkMessage = {
  deviceName: 'pump',
  topic: 'up/data',
  qos: 1,
  retain: false,
  receivedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  trace: new Uint8Array(25),
  payload: new Uint8Array(),
};
const stamp = { messageId: 'e1-g-0-7-3', traceparent: '00-0a-0b-01', scriptVersion: undefined };

test('a message that passed unchanged says where, when and how it came', () => {
  expect(messageHeaderBlock(message, 'up/data', stamp).split('\r\n')).toEqual([
    'Nats-Msg-Id: e1-g-0-7-3',
    'Gatehouse-Message-Id: e1-g-0-7-3',
    'Gatehouse-Topic: up/data',
    'Gatehouse-Qos: 1',
    'Gatehouse-Time: 2026-01-02T03:04:05.006Z',
    'traceparent: 00-0a-0b-01',
    '',
  ]);
});

test('a parsed message is JSON of a script version, unless its device named a content type', () => {
  const parsed = { ...stamp, scriptVersion: 4 };
  const lines = messageHeaderBlock(message, 'up/data', parsed);
  expect(lines).toContain('Content-Type: application/json\r\nGatehouse-Script-Version: 4\r\n');
  const typed = { ...message, properties: { contentType: 'application/senml+json' } };
  expect(messageHeaderBlock(typed, 'up/data', parsed)).toContain('Content-Type: application/senml+json\r\n');
  expect(messageHeaderBlock(typed, 'up/data', parsed)).not.toContain('application/json');
});

test('the properties of MQTT 5.0 travel as headers', () => {
  const properties = {
    payloadFormatIndicator: 1,
    messageExpiryInterval: 60,
    responseTopic: 'down/答',
    correlationData: 'AAE=',
    userProperties: [
      ['site', '七号\n'],
      ['site', 'b'],
    ],
  } as const;
  const block = messageHeaderBlock({ ...message, retain: true, properties }, 'up/data', stamp);
  expect(block.split('\r\n').slice(6)).toEqual([
    'Mqtt-Retain: 1',
    'Mqtt-Payload-Format-Indicator: 1',
    'Mqtt-Message-Expiry-Interval: 60',
    'Mqtt-Response-Topic: down/答',
    'Mqtt-Correlation-Data: AAE=',
    'Mqtt-User-Property: ["site","%E4%B8%83%E5%8F%B7\\n"]',
    'Mqtt-User-Property: ["site","b"]',
    '',
  ]);
});

test('nothing that a device sends makes a header of its own', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\0', ':', '"', '温', '\ud83d\ude00') });
  fc.assert(
    fc.property(text, text, text, (topic, contentType, value) => {
      const properties = { contentType, responseTopic: topic, userProperties: [[value, topic]] as const };
      const lines = messageHeaderBlock({ ...message, properties }, topic, stamp).split(/[\r\n]+/);
      expect(
        lines.filter(
          (line) => line !== '' && !/^(Nats-Msg-Id|Gatehouse-|Mqtt-|Content-Type|traceparent)/.test(line),
        ),
      ).toEqual([]);
      expect(lines).toHaveLength(10);
    }),
  );
});

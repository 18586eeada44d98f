import fc from 'fast-check';
import { type Packet, parser } from 'mqtt-packet';
import { expect, test } from 'vitest';
import {
  encodeConnack,
  encodeDisconnect,
  encodePingresp,
  encodePuback,
  encodePublish,
  encodeSuback,
  encodeUnsuback,
} from './packet-writer.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { ReasonCode } from './reason-codes.ts';

const welcome = { sessionPresent: true, reasonCode: ReasonCode.Success };
const busy = { sessionPresent: true, reasonCode: ReasonCode.ServerBusy };
const message = {
  topic: 'a/b',
  payload: Buffer.from('hi'),
  qos: 1,
  dup: true,
  retain: true,
  packetId: 7,
} as const;

test.for<[name: string, packet: Buffer, hex: string]>([
  ['CONNACK of MQTT 3.1.1', encodeConnack(4, welcome), '2002 01 00'],
  ['CONNACK of MQTT 3.1, where Session Present is reserved', encodeConnack(3, welcome), '2002 00 00'],
  ['CONNACK of MQTT 5.0', encodeConnack(5, welcome), '2003 01 00 00'],
  ['a refusal, which has no session [MQTT3-3.2.2-4]', encodeConnack(4, busy), '2002 00 03'],
  ['a refusal, which has no session [MQTT5-3.2.2-6]', encodeConnack(5, busy), '2003 00 89 00'],
  [
    'CONNACK with properties',
    encodeConnack(5, {
      ...welcome,
      properties: {
        maximumQos: 1,
        retainAvailable: false,
        serverKeepAlive: 300,
        assignedClientIdentifier: 'c',
      },
    }),
    '200e 01 00 0b 2500 13012c 12000163 2401',
  ],
  ['PUBLISH of MQTT 3.1.1', encodePublish(4, message), '3b09 0003612f62 0007 6869'],
  ['PUBLISH of MQTT 5.0', encodePublish(5, message), '3b0a 0003612f62 0007 00 6869'],
  ['PUBLISH of QoS 0', encodePublish(4, { ...message, qos: 0, dup: false }), '3107 0003612f62 6869'],
  [
    'PUBLISH with properties',
    encodePublish(5, { ...message, properties: { contentType: '水', payloadFormatIndicator: 1 } }),
    '3b12 0003612f62 0007 08 030003e6b0b4 0101 6869',
  ],
  ['PUBACK', encodePuback(4, 258, ReasonCode.Success), '4002 0102'],
  ['PUBACK of MQTT 5.0', encodePuback(5, 258, ReasonCode.Success), '4002 0102'],
  ['PUBACK with a reason', encodePuback(5, 258, ReasonCode.QuotaExceeded), '4003 0102 97'],
  ['PUBACK without a place for the reason', encodePuback(4, 258, ReasonCode.QuotaExceeded), '4002 0102'],
  [
    'SUBACK of MQTT 5.0',
    encodeSuback(5, 7, [0, 1, 2, ReasonCode.TopicFilterInvalid]),
    '9007 0007 00 00 01 02 8f',
  ],
  [
    'SUBACK of MQTT 3.1.1 [MQTT3-3.9.3-2]',
    encodeSuback(4, 7, [0, ReasonCode.TopicFilterInvalid]),
    '9004 0007 00 80',
  ],
  ['UNSUBACK of MQTT 5.0', encodeUnsuback(5, 7, [0, ReasonCode.NoSubscriptionExisted]), 'b005 0007 00 00 11'],
  ['UNSUBACK of MQTT 3.1.1', encodeUnsuback(4, 7, [0]), 'b002 0007'],
  ['PINGRESP', encodePingresp(), 'd000'],
  ['DISCONNECT', encodeDisconnect(ReasonCode.SessionTakenOver), 'e002 8e 00'],
  ['DISCONNECT with words', encodeDisconnect(ReasonCode.ServerBusy, 'no'), 'e007 89 05 1f00026e6f'],
])('%s is written', ([, packet, hex]) => {
  expect(packet.toString('hex')).toBe(hex.replaceAll(' ', ''));
});

test('user properties of CONNACK keep their order, and names may repeat', () => {
  const packet = encodeConnack(5, {
    ...welcome,
    properties: {
      userProperties: [
        ['a', '1'],
        ['b', '2'],
        ['a', '3'],
      ],
    },
  });
  expect(packet.toString('hex')).toBe('2018010015260001610001312600016200013226000161000133');
});

test('mqtt-packet reads every answer', () => {
  const reasonCode = fc.constantFrom(...Object.values(ReasonCode));
  fc.assert(
    fc.property(fc.constantFrom<ProtocolVersion>(3, 4, 5), reasonCode, (protocolVersion, code) => {
      const packets: Packet[] = [];
      const reading = parser({ protocolVersion });
      reading.on('packet', (packet) => packets.push(packet));
      reading.parse(encodeConnack(protocolVersion, { sessionPresent: false, reasonCode: code }));
      reading.parse(encodeSuback(protocolVersion, 1, [ReasonCode.GrantedQos1]));
      reading.parse(encodeUnsuback(protocolVersion, 1, [ReasonCode.Success]));
      reading.parse(encodePingresp());
      expect(packets.map(({ cmd }) => cmd)).toEqual(['connack', 'suback', 'unsuback', 'pingresp']);
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeAcknowledgement } from './acknowledgement-codec.ts';
import type { AcknowledgementPacket, ClientPacket } from './client-packet.ts';
import { MalformedPacket, PacketTooLarge, UnsupportedProtocolVersion } from './mqtt.failures.ts';
import { bytesOf, CONNECT, cutsOf, type PacketFixture, read } from './packet-fixture.ts';
import { encodePublish } from './publish-codec.ts';

const plainConnect = {
  type: 'connect',
  clientId: 'a',
  cleanStart: true,
  keepAliveSeconds: 60,
  properties: {},
} as const;
const plainPublish = {
  type: 'publish',
  topic: 'a/b',
  qos: 0,
  dup: false,
  retain: false,
  packetId: 0,
  payload: Buffer.alloc(0),
  properties: undefined,
} as const;
const success = { packetId: 7, reasonCode: 0, properties: undefined } as const;
const plainSubscription = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;

const readable: readonly (PacketFixture & { readonly packet: ClientPacket })[] = [
  { name: 'CONNECT of MQTT 3.1', hex: CONNECT[3], packet: { ...plainConnect, protocolVersion: 3 } },
  { name: 'CONNECT of MQTT 3.1.1', hex: CONNECT[4], packet: { ...plainConnect, protocolVersion: 4 } },
  { name: 'CONNECT of MQTT 5.0', hex: CONNECT[5], packet: { ...plainConnect, protocolVersion: 5 } },
  {
    name: 'CONNECT with a will, a user name and a password, without client identifier',
    hex: '101d 0004 4d515454 04 ee 0000 0000 0003 772f78 0002 0001 0001 75 0003 700070',
    packet: {
      type: 'connect',
      protocolVersion: 4,
      clientId: '',
      cleanStart: true,
      keepAliveSeconds: 0,
      properties: {},
      username: 'u',
      password: Buffer.from('p\0p'),
      will: { topic: 'w/x', payload: Buffer.of(0, 1), qos: 1, retain: true, properties: {} },
    },
  },
  {
    name: 'CONNECT with every property, and a will with every property',
    hex:
      '1064 0004 4d515454 05 06 003c ' +
      '2a 11 0000000a 21 0014 27 00000100 22 0005 19 01 17 00 26 0001 61 0001 31 26 0001 61 0000 15 0001 6d 16 0002 0001 ' +
      '0001 61 ' +
      '26 18 00000001 01 01 02 00000002 03 0001 74 08 0001 72 09 0001 ff 26 0001 62 0001 32 26 0001 61 0001 33 ' +
      '0001 77 0000',
    packet: {
      ...plainConnect,
      protocolVersion: 5,
      properties: {
        sessionExpiryInterval: 10,
        receiveMaximum: 20,
        maximumPacketSize: 256,
        topicAliasMaximum: 5,
        requestResponseInformation: true,
        requestProblemInformation: false,
        userProperties: [
          ['a', '1'],
          ['a', ''],
        ],
        authenticationMethod: 'm',
        authenticationData: Buffer.of(0, 1),
      },
      will: {
        topic: 'w',
        payload: Buffer.alloc(0),
        qos: 0,
        retain: false,
        properties: {
          willDelayInterval: 1,
          payloadFormatIndicator: 1,
          messageExpiryInterval: 2,
          contentType: 't',
          responseTopic: 'r',
          correlationData: Buffer.of(0xff),
          userProperties: [
            ['b', '2'],
            ['a', '3'],
          ],
        },
      },
    },
  },
  {
    name: 'CONNECT of MQTT 5.0 with a password and no user name',
    hex: '1011 0004 4d515454 05 42 003c 00 0001 61 0001 70',
    packet: { ...plainConnect, protocolVersion: 5, password: Buffer.from('p') },
  },
  {
    name: 'CONNECT with a length in more bytes than needed, as old clients may write it',
    hex: '108d8000 0004 4d515454 04 02 003c 0001 61',
    packet: { ...plainConnect, protocolVersion: 4 },
  },
  {
    name: 'PUBLISH of QoS 0',
    after: 4,
    hex: '3007 0003 612f62 6869',
    packet: { ...plainPublish, payload: Buffer.from('hi') },
  },
  {
    name: 'PUBLISH of QoS 1, retained, sent again',
    after: 3,
    hex: '3b07 0003 612f62 0102',
    packet: { ...plainPublish, qos: 1, dup: true, retain: true, packetId: 258 },
  },
  {
    name: 'PUBLISH whose topic name begins with a byte order mark [MQTT5-1.5.4-3]',
    after: 4,
    hex: '3006 0004 efbbbf 61',
    packet: { ...plainPublish, topic: '\uFEFFa' },
  },
  {
    name: 'PUBLISH by topic alias alone',
    after: 5,
    hex: '3208 0000 0007 03 23 0009',
    packet: { ...plainPublish, topic: '', qos: 1, packetId: 7, properties: { topicAlias: 9 } },
  },
  { name: 'PUBACK', after: 4, hex: '4002 0007', packet: { ...success, type: 'puback' } },
  {
    name: 'PUBACK with a reason code',
    after: 5,
    hex: '4003 0007 97',
    packet: { ...success, type: 'puback', reasonCode: 0x97 },
  },
  {
    name: 'PUBACK with a reason string',
    after: 5,
    hex: '4009 0007 80 05 1f 0002 6e6f',
    packet: { type: 'puback', packetId: 7, reasonCode: 0x80, properties: { reasonString: 'no' } },
  },
  { name: 'PUBREC', after: 4, hex: '5002 0007', packet: { ...success, type: 'pubrec' } },
  {
    name: 'PUBREL with a reason code',
    after: 5,
    hex: '6203 0007 92',
    packet: { ...success, type: 'pubrel', reasonCode: 0x92 },
  },
  { name: 'PUBCOMP', after: 3, hex: '7002 0007', packet: { ...success, type: 'pubcomp' } },
  {
    name: 'SUBSCRIBE',
    after: 4,
    hex: '820c 0007 0001 23 00 0003 612f2b 02',
    packet: {
      type: 'subscribe',
      packetId: 7,
      subscriptions: [
        { ...plainSubscription, filter: '#', qos: 0 },
        { ...plainSubscription, filter: 'a/+', qos: 2 },
      ],
      userProperties: [],
    },
  },
  {
    name: 'SUBSCRIBE with options, an identifier and user properties',
    after: 5,
    hex: '8211 0007 0a 0b ac02 26 0001 6b 0001 76 0001 61 2d',
    packet: {
      type: 'subscribe',
      packetId: 7,
      subscriptions: [{ filter: 'a', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 }],
      subscriptionIdentifier: 300,
      userProperties: [['k', 'v']],
    },
  },
  {
    name: 'UNSUBSCRIBE',
    after: 4,
    hex: 'a208 0007 0001 61 0001 62',
    packet: { type: 'unsubscribe', packetId: 7, filters: ['a', 'b'], userProperties: [] },
  },
  {
    name: 'UNSUBSCRIBE with a user property',
    after: 5,
    hex: 'a20d 0007 07 26 0001 6b 0001 76 0001 61',
    packet: { type: 'unsubscribe', packetId: 7, filters: ['a'], userProperties: [['k', 'v']] },
  },
  { name: 'PINGREQ', after: 4, hex: 'c000', packet: { type: 'pingreq' } },
  {
    name: 'DISCONNECT',
    after: 4,
    hex: 'e000',
    packet: { type: 'disconnect', reasonCode: 0, userProperties: [] },
  },
  {
    name: 'DISCONNECT with a reason code alone',
    after: 5,
    hex: 'e001 04',
    packet: { type: 'disconnect', reasonCode: 4, userProperties: [] },
  },
  {
    name: 'DISCONNECT with properties',
    after: 5,
    hex: 'e00b 00 09 11 00000000 1f 0001 78',
    packet: {
      type: 'disconnect',
      reasonCode: 0,
      sessionExpiryInterval: 0,
      reasonString: 'x',
      userProperties: [],
    },
  },
  { name: 'AUTH', after: 5, hex: 'f000', packet: { type: 'auth', reasonCode: 0, properties: {} } },
  {
    name: 'AUTH with a method',
    after: 5,
    hex: 'f006 18 04 15 0001 6d',
    packet: { type: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'm' } },
  },
];

test.for(readable)('$name is read', (fixture) => {
  const { packets, failure } = read([bytesOf(fixture)]);
  expect(failure).toBeUndefined();
  expect(packets.at(-1)).toEqual(fixture.packet);
});

test.for(readable)('$name is the same in pieces', (fixture) => {
  const whole = read([bytesOf(fixture)]);
  for (const chunks of cutsOf(bytesOf(fixture))) expect(read(chunks)).toEqual(whole);
});

test('what the codecs read they write again, byte by byte', () => {
  for (const { packet, after = 4, hex } of readable) {
    const bytes = hex.replaceAll(' ', '');
    if (packet.type === 'publish') expect(encodePublish(after, packet).toString('hex')).toBe(bytes);
    if (isAcknowledgement(packet) && packet.properties === undefined) {
      const written = encodeAcknowledgement(packet.type, after, packet.packetId, packet.reasonCode);
      expect(written.toString('hex')).toBe(bytes);
    }
  }
});

function isAcknowledgement(packet: ClientPacket): packet is AcknowledgementPacket {
  return ['puback', 'pubrec', 'pubrel', 'pubcomp'].includes(packet.type);
}

test('bytes that were changed on the way are read or refused, however they are cut', () => {
  const streams = readable.map((fixture) => bytesOf(fixture));
  const change = fc.record({ position: fc.nat(), byte: fc.nat({ max: 255 }) });

  fc.assert(
    fc.property(
      fc.constantFrom(...streams),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      (stream, changes, cut) => {
        const bytes = Buffer.from(stream);
        for (const { position, byte } of changes) bytes[position % bytes.length] = byte;

        const whole = read([Buffer.from(bytes)]);
        if (whole.failure !== undefined) expect(isDeclared(whole.failure)).toBe(true);
        const position = cut % bytes.length;
        expect(read([bytes.subarray(0, position), bytes.subarray(position)])).toEqual(whole);
      },
    ),
    { numRuns: 1_000 },
  );
});

function isDeclared(failure: unknown): boolean {
  return (
    failure instanceof MalformedPacket ||
    failure instanceof PacketTooLarge ||
    failure instanceof UnsupportedProtocolVersion
  );
}

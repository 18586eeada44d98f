import fc from 'fast-check';
import { generate, type IPublishPacket, type Packet, parser, type UserProperties } from 'mqtt-packet';
import { expect, test } from 'vitest';
import type { PublishProperties, UserProperty } from './packet-properties.ts';
import type { ProtocolVersion, Qos } from './protocol-version.ts';
import { decodePublish, encodePublish, type OutgoingPublish } from './publish-codec.ts';
import { WireReader } from './wire-reader.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.includes('\0'));
const topic = text.filter((value) => value !== '' && !/[+#]/.test(value));
const bytes = fc.uint8Array({ maxLength: 200 }).map((value) => Buffer.from(value));
const version = fc.constantFrom<ProtocolVersion>(3, 4, 5);

const properties: fc.Arbitrary<PublishProperties> = fc.record(
  {
    payloadFormatIndicator: fc.constantFrom<0 | 1>(0, 1),
    messageExpiryInterval: fc.integer({ min: 0, max: 0xffff_ffff }),
    topicAlias: fc.integer({ min: 1, max: 0xffff }),
    responseTopic: topic,
    correlationData: bytes,
    // mqtt-packet loses a value that follows an empty one of the same name.
    userProperties: fc.array(
      fc.tuple(
        text,
        text.filter((value) => value !== ''),
      ),
      { minLength: 1, maxLength: 5 },
    ),
    contentType: text,
  },
  { requiredKeys: [] },
);

const publish: fc.Arbitrary<OutgoingPublish> = fc
  .record({
    topic,
    payload: fc.oneof(bytes, fc.constant(Buffer.alloc(20_000, 7))),
    qos: fc.constantFrom<Qos>(0, 1, 2),
    dup: fc.boolean(),
    retain: fc.boolean(),
    packetId: fc.integer({ min: 1, max: 0xffff }),
    properties: fc.option(properties, { nil: undefined }),
  })
  .map((one) => (one.qos === 0 ? { ...one, dup: false, packetId: 0 } : one));

function decode(packet: Buffer, protocolVersion: ProtocolVersion) {
  const bodyStart = packet.findIndex((byte, index) => index > 0 && byte < 0x80) + 1;
  return decodePublish(
    packet.readUInt8(0),
    new WireReader().reset(packet, bodyStart, packet.length),
    protocolVersion,
  );
}

/** What a decoder gives for a message: no properties before MQTT 5.0, and none rather than an empty set. */
function received(sent: OutgoingPublish, protocolVersion: ProtocolVersion) {
  const none = protocolVersion !== 5 || Object.keys(sent.properties ?? {}).length === 0;
  return { type: 'publish', ...sent, properties: none ? undefined : sent.properties };
}

function grouped(userProperties: readonly UserProperty[]): UserProperties {
  const groups = Map.groupBy(userProperties, ([name]) => name);
  const byName: UserProperties = Object.create(null);
  for (const [name, pairs] of groups) {
    const values = pairs.map(([, value]) => value);
    byName[name] = values.length === 1 && values[0] !== undefined ? values[0] : values;
  }
  return byName;
}

/** The packet in mqtt-packet's words. */
function forMqttPacket(sent: OutgoingPublish, protocolVersion: ProtocolVersion): IPublishPacket {
  const {
    payloadFormatIndicator,
    userProperties,
    subscriptionIdentifiers: _,
    ...others
  } = sent.properties ?? {};
  return {
    cmd: 'publish',
    topic: sent.topic,
    payload: Buffer.from(sent.payload),
    qos: sent.qos,
    dup: sent.dup,
    retain: sent.retain,
    ...(sent.qos === 0 ? {} : { messageId: sent.packetId }),
    ...(received(sent, protocolVersion).properties === undefined
      ? {}
      : {
          properties: {
            ...others,
            ...(payloadFormatIndicator === undefined
              ? {}
              : { payloadFormatIndicator: payloadFormatIndicator === 1 }),
            ...(userProperties === undefined ? {} : { userProperties: grouped(userProperties) }),
          },
        }),
  };
}

test('a PUBLISH comes back as it was written', () => {
  fc.assert(
    fc.property(version, publish, (protocolVersion, sent) => {
      expect(decode(encodePublish(protocolVersion, sent), protocolVersion)).toEqual(
        received(sent, protocolVersion),
      );
    }),
  );
});

test('mqtt-packet reads what the codec writes', () => {
  fc.assert(
    fc.property(version, publish, (protocolVersion, sent) => {
      const packets: Packet[] = [];
      const reading = parser({ protocolVersion });
      reading.on('packet', (packet) => packets.push(packet));
      reading.parse(encodePublish(protocolVersion, sent));

      expect(packets).toHaveLength(1);
      expect(packets[0]).toMatchObject(forMqttPacket(sent, protocolVersion));
    }),
  );
});

test('the codec reads what mqtt-packet writes', () => {
  fc.assert(
    fc.property(version, publish, (protocolVersion, sent) => {
      // mqtt-packet writes the values of one name together.
      const userProperties = sent.properties?.userProperties;
      const asWritten =
        userProperties === undefined
          ? sent
          : {
              ...sent,
              properties: {
                ...sent.properties,
                userProperties: namesTogether(userProperties),
              },
            };
      const packet = generate(forMqttPacket(sent, protocolVersion), { protocolVersion });

      expect(decode(packet, protocolVersion)).toEqual(received(asWritten, protocolVersion));
    }),
  );
});

function namesTogether(userProperties: readonly UserProperty[]): UserProperty[] {
  const byName = Object.entries(grouped(userProperties));
  return byName.flatMap(([name, values]) => [values].flat().map((value): UserProperty => [name, value]));
}

test('subscription identifiers reach the client, and a client may not send them', () => {
  const packet = encodePublish(5, {
    topic: 'a',
    payload: Buffer.alloc(0),
    qos: 0,
    dup: false,
    retain: false,
    packetId: 0,
    properties: { subscriptionIdentifiers: [1, 268_435_455] },
  });

  expect(packet.toString('hex')).toBe('300b000161070b010bffffff7f');
  expect(() => decode(packet, 5)).toThrow('subscriptionIdentifiers');
});

test('the payload is a view into the bytes that arrived', () => {
  const packet = Buffer.from('30050001616869', 'hex');
  const { payload } = decode(packet, 4);
  packet.write('ok', 5);
  expect(payload.toString()).toBe('ok');
});

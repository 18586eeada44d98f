import { collectGarbage } from '@gatehouse/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClientPacket } from './client-packet.ts';
import { MalformedPacket, PacketTooLarge, UnsupportedProtocolVersion } from './mqtt.failures.ts';
import { CONNECT } from './packet-fixture.ts';
import { PacketReader } from './packet-reader.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { encodePublish } from './publish-codec.ts';

const ignore = () => undefined;

function connected(version: ProtocolVersion, maxPacketBytes = 1_000): PacketReader {
  const reader = new PacketReader({ maxPacketBytes });
  reader.read(hex(CONNECT[version]), ignore);
  return reader;
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

function publishOf(payloadBytes: number, version: ProtocolVersion = 4): Buffer {
  return encodePublish(version, {
    topic: 'up',
    payload: Buffer.alloc(payloadBytes, 1),
    qos: 0,
    dup: false,
    retain: false,
    packetId: 0,
  });
}

test.for([3, 4, 5] as const)('a reader knows the protocol version %i from CONNECT', (version) => {
  expect(connected(version).protocolVersion).toBe(version);
});

test('the protocol version is known even when the rest of CONNECT is malformed', () => {
  const reader = new PacketReader({ maxPacketBytes: 1_000 });
  expect(reader.protocolVersion).toBeUndefined();
  expect(() => reader.read(hex('100a 0004 4d515454 05 02 003c'), ignore)).toThrow(MalformedPacket);
  expect(reader.protocolVersion).toBe(5);
});

test.for([
  ['0004 4d515454 03', 4],
  ['0004 4d515454 06', 5],
  ['0004 4d515454 83', 4],
  ['0004 4d515454 84', 4],
  ['0006 4d5149736470 04', 4],
  ['0006 4d5149736470 83', 4],
] as const)('the client of CONNECT %s is answered in version %i', ([beginning, version]) => {
  const reader = new PacketReader({ maxPacketBytes: 1_000 });
  const body = hex(`${beginning} 02 003c 0000`);
  let failure: unknown;
  try {
    reader.read(Buffer.concat([Buffer.of(0x10, body.length), body]), ignore);
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(UnsupportedProtocolVersion);
  expect(failure).toMatchObject({ answerIn: version });
});

test('a packet of exactly the largest size is read, one byte more is refused', () => {
  const largest = publishOf(92);
  expect(largest.length).toBe(98);
  const packets: ClientPacket[] = [];
  connected(4, 98).read(largest, (packet) => packets.push(packet));
  expect(packets).toHaveLength(1);
  expect(() => connected(4, 98).read(publishOf(93), ignore)).toThrow(PacketTooLarge);
});

test('a packet that is too large is refused before any of its body arrives', () => {
  expect(() => connected(4).read(hex('30ffffff7f'), ignore)).toThrow(
    'an MQTT packet of 268435460 bytes is over the limit of 1000',
  );
});

test('a packet in many pieces is read once its last byte is there', () => {
  const packet = publishOf(100_000);
  const reader = connected(4, 200_000);
  const packets: ClientPacket[] = [];
  for (let position = 0; position < packet.length; position += 1_000) {
    expect(packets).toHaveLength(0);
    reader.read(packet.subarray(position, position + 1_000), (each) => packets.push(each));
  }
  expect(packets).toMatchObject([{ type: 'publish', payload: Buffer.alloc(100_000, 1) }]);
});

test('returning false stops the reader behind that packet, and resume reads on', () => {
  const reader = connected(4);
  const types: string[] = [];
  const onePacket = (packet: ClientPacket) => {
    types.push(packet.type);
    return false;
  };

  reader.read(hex('c000 40020001 c0'), onePacket);
  expect(types).toEqual(['pingreq']);
  expect(reader.stopped).toBe(true);

  reader.read(hex('00 e000'), onePacket);
  expect(types).toEqual(['pingreq']);

  reader.resume(onePacket);
  expect(types).toEqual(['pingreq', 'puback']);
  reader.resume(onePacket);
  expect(types).toEqual(['pingreq', 'puback', 'pingreq']);
  reader.resume(onePacket);
  expect(types).toEqual(['pingreq', 'puback', 'pingreq', 'disconnect']);
  reader.resume(onePacket);
  expect(reader.stopped).toBe(false);
});

test('wherever a reader is stopped, no packet is lost, doubled or out of order', () => {
  const stream = Buffer.concat(
    Array.from({ length: 20 }, (_, index) => hex(`4002${(index + 1).toString(16).padStart(4, '0')}`)),
  );
  const expected = Array.from({ length: 20 }, (_, index) => index + 1);
  const chunkLengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 80, maxLength: 80 });

  fc.assert(
    fc.property(chunkLengths, fc.infiniteStream(fc.boolean()), (lengths, goOn) => {
      const reader = connected(4);
      const packetIds: number[] = [];
      const onPacket = (packet: ClientPacket) => {
        if (packet.type === 'puback') packetIds.push(packet.packetId);
        return goOn.next().value;
      };
      let position = 0;
      for (const length of lengths) {
        reader.read(stream.subarray(position, position + length), onPacket);
        position += length;
        if (goOn.next().value === true) reader.resume(onPacket);
      }
      while (reader.stopped) reader.resume(onPacket);
      expect(packetIds).toEqual(expected);
    }),
  );
});

test('a reader holds no memory that others share', async () => {
  const reader = new PacketReader({ maxPacketBytes: 1_000 });
  const shared: WeakRef<ArrayBuffer>[] = [];
  const read = (bytes: Buffer): void => {
    const { buffer } = new Uint8Array(bytes);
    shared.push(new WeakRef(buffer));
    // Stopped behind CONNECT: the others wait.
    reader.read(Buffer.from(buffer), () => false);
  };
  read(hex(CONNECT[5]));
  const publish = publishOf(100, 5);
  read(publish);
  read(publish.subarray(0, 50));
  await collectGarbage();
  expect(shared.map((memory) => memory.deref())).toEqual([undefined, undefined, undefined]);

  const packets: ClientPacket[] = [];
  reader.resume((packet) => packets.push(packet));
  reader.read(publish.subarray(50), (packet) => packets.push(packet));
  const whole = { type: 'publish', payload: Buffer.alloc(100, 1) };
  expect(packets).toMatchObject([whole, whole]);
});

test('any bytes behind CONNECT are read or refused with a declared failure', () => {
  const firstBytes = fc.constantFrom(0x30, 0x32, 0x3b, 0x40, 0x50, 0x62, 0x70, 0x82, 0xa2, 0xc0, 0xe0, 0xf0);
  const framed = fc.tuple(firstBytes, fc.uint8Array({ maxLength: 100 })).map(([firstByte, body]) => {
    return Buffer.concat([Buffer.of(firstByte, body.length), body]);
  });
  const anything = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));

  fc.assert(
    fc.property(fc.constantFrom<ProtocolVersion>(3, 4, 5), fc.oneof(framed, anything), (version, bytes) => {
      const reader = connected(version);
      try {
        reader.read(bytes, ignore);
      } catch (failure) {
        expect(failure instanceof MalformedPacket || failure instanceof PacketTooLarge).toBe(true);
      }
    }),
    { numRuns: 2_000 },
  );
});

import fc from 'fast-check';
import { generate, type Packet, parser, type UserProperties } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { decodeAcknowledgement, encodeAcknowledgement } from './acknowledgement-codec.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { WireReader } from './wire-reader.ts';

const version = fc.constantFrom<ProtocolVersion>(3, 4, 5);
const packetId = fc.integer({ min: 1, max: 0xffff });
const acknowledgement = fc.oneof(
  fc.record({
    type: fc.constantFrom('puback' as const, 'pubrec' as const),
    packetId,
    reasonCode: fc.constantFrom(0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99),
  }),
  fc.record({
    type: fc.constantFrom('pubrel' as const, 'pubcomp' as const),
    packetId,
    reasonCode: fc.constantFrom(0x00, 0x92),
  }),
);
const properties = fc.record(
  {
    reasonString: fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0')),
    userProperties: fc.constant<UserProperties>({ name: ['1', '2'] }),
  },
  { requiredKeys: ['userProperties'] },
);

test('mqtt-packet reads what the codec writes', () => {
  fc.assert(
    fc.property(version, acknowledgement, (protocolVersion, sent) => {
      const packets: Packet[] = [];
      const reading = parser({ protocolVersion });
      reading.on('packet', (packet) => packets.push(packet));
      reading.parse(encodeAcknowledgement(sent.type, protocolVersion, sent.packetId, sent.reasonCode));

      const reason = protocolVersion === 5 ? { reasonCode: sent.reasonCode } : {};
      expect(packets).toHaveLength(1);
      expect(packets[0]).toMatchObject({ cmd: sent.type, messageId: sent.packetId, ...reason });
    }),
  );
});

test('the codec reads what mqtt-packet writes', () => {
  fc.assert(
    fc.property(version, acknowledgement, fc.option(properties), (protocolVersion, sent, sentProperties) => {
      const packet = generate(
        {
          cmd: sent.type,
          messageId: sent.packetId,
          reasonCode: sent.reasonCode,
          ...(sentProperties === null ? {} : { properties: sentProperties }),
        },
        { protocolVersion },
      );
      const fields = new WireReader().reset(packet, 2, packet.length);

      const expectedProperties =
        protocolVersion === 5 && sentProperties !== null
          ? {
              ...sentProperties,
              userProperties: [
                ['name', '1'],
                ['name', '2'],
              ],
            }
          : undefined;
      expect(decodeAcknowledgement(sent.type, fields, protocolVersion)).toEqual({
        type: sent.type,
        packetId: sent.packetId,
        reasonCode: protocolVersion === 5 ? sent.reasonCode : 0,
        properties: expectedProperties,
      });
    }),
  );
});

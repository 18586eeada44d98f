import { UnsupportedProtocolVersion } from '@gatehouse/mqtt';
import { expect, test } from 'vitest';
import { DeviceRefused } from '../admission/admission.failures.ts';
import { SessionTakenOver } from '../session/session.failures.ts';
import { lastPacket, type ClosingClient } from './close-reason.ts';

const connected: ClosingClient = {
  state: 'connected',
  protocolVersion: 5,
  maximumPacketBytes: Number.POSITIVE_INFINITY,
};
const hex = (packet: Buffer | undefined): string | undefined => packet?.toString('hex');

test('a connected MQTT 5.0 client is told the reason code and a reason string', () => {
  const failure = new SessionTakenOver();
  const packet = lastPacket(connected, failure);
  expect(hex(packet?.subarray(0, 1))).toBe('e0');
  expect(packet?.readUInt8(2)).toBe(0x8e);
  expect(packet?.toString()).toContain(failure.message);
});

test('the reason string is left out when the client takes no packet of that size', () => {
  expect(hex(lastPacket({ ...connected, maximumPacketBytes: 10 }, new SessionTakenOver()))).toMatch(
    /^e0..8e/,
  );
  expect(
    lastPacket({ ...connected, maximumPacketBytes: 10 }, new SessionTakenOver())?.length,
  ).toBeLessThanOrEqual(10);
});

test.each([3, 4] as const)(
  'a connected client of MQTT 3 (level %i) sees only the connection close',
  (version) => {
    expect(lastPacket({ ...connected, protocolVersion: version }, new SessionTakenOver())).toBeUndefined();
  },
);

test('a refused MQTT 3.1.1 client gets the return code that is nearest', () => {
  const admitting = { ...connected, state: 'admitting', protocolVersion: 4 } as const;
  expect(hex(lastPacket(admitting, new DeviceRefused('device-disabled')))).toBe('20020005');
});

test('a reason that CONNACK does not know becomes Server unavailable there', () => {
  const packet = lastPacket({ ...connected, state: 'admitting' }, new SessionTakenOver());
  expect(packet?.readUInt8(3)).toBe(0x88);
});

test('a client of an unknown protocol version is answered in one that it may read', () => {
  const unknown = { ...connected, state: 'awaiting-connect', protocolVersion: undefined } as const;
  expect(hex(lastPacket(unknown, new UnsupportedProtocolVersion('MQTT', 6)))?.slice(0, 8)).toMatch(
    /^20..0084$/,
  );
  expect(hex(lastPacket(unknown, new UnsupportedProtocolVersion('MQIsdp', 9)))).toBe('20020001');
});

test('whoever has not sent CONNECT yet is told nothing', () => {
  const unknown = { ...connected, state: 'awaiting-connect', protocolVersion: undefined } as const;
  expect(lastPacket(unknown, new SessionTakenOver())).toBeUndefined();
});

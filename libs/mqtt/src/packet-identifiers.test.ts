import { expect, test } from 'vitest';
import { PacketIdentifiers } from './packet-identifiers.ts';

test('identifiers are handed out from 1 to 65 535, each once', () => {
  const identifiers = new PacketIdentifiers();
  const allocated = Array.from({ length: 65_535 }, () => identifiers.allocate());
  expect(allocated.every((packetId, index) => packetId === index + 1)).toBe(true);
  expect(identifiers.inUse).toBe(65_535);
});

test('there is no identifier while all are in use, and a freed one is found', () => {
  const identifiers = new PacketIdentifiers();
  for (let count = 0; count < 65_535; count++) identifiers.allocate();
  expect(identifiers.allocate()).toBeUndefined();
  expect(identifiers.release(40_000)).toBe(true);
  expect(identifiers.allocate()).toBe(40_000);
  expect(identifiers.allocate()).toBeUndefined();
});

test('a freed identifier comes back only after all the others', () => {
  const identifiers = new PacketIdentifiers();
  expect(identifiers.allocate()).toBe(1);
  identifiers.release(1);
  expect(identifiers.allocate()).toBe(2);
});

test('releasing an identifier that is not in use says so', () => {
  const identifiers = new PacketIdentifiers();
  identifiers.allocate();
  expect(identifiers.release(1)).toBe(true);
  expect(identifiers.release(1)).toBe(false);
  expect(identifiers.inUse).toBe(0);
});

import { expect, test } from 'vitest';
import { EventUpcasters } from './event-upcasters.ts';

const upcasters = new EventUpcasters({
  PumpStarted: [
    (data) => ({ ...data, speedRpm: 1_500 }),
    ({ pump, ...data }) => ({ ...data, pumpName: pump }),
  ],
});

test('an event of the first version goes through every step', () => {
  expect(upcasters.upcast({ type: 'PumpStarted', schemaVersion: 1, data: { pump: 'p7' } })).toEqual({
    type: 'PumpStarted',
    schemaVersion: 3,
    data: { pumpName: 'p7', speedRpm: 1_500 },
  });
});

test('an event in between goes through the steps that are left', () => {
  const event = { type: 'PumpStarted', schemaVersion: 2, data: { pump: 'p7', speedRpm: 900 } };
  expect(upcasters.upcast(event).data).toEqual({ pumpName: 'p7', speedRpm: 900 });
});

test('events of the newest version, and of types that never changed, stay as they are', () => {
  const newest = { type: 'PumpStarted', schemaVersion: 3, data: { pumpName: 'p7', speedRpm: 900 } };
  expect(upcasters.upcast(newest)).toBe(newest);
  const unchanged = { type: 'PumpStopped', schemaVersion: 1, data: {} };
  expect(upcasters.upcast(unchanged)).toBe(unchanged);
});

test('what is in a stored event is left alone', () => {
  const stored = { type: 'PumpStarted', schemaVersion: 1, data: Object.freeze({ pump: 'p7' }) };
  upcasters.upcast(Object.freeze(stored));
  expect(stored.data).toEqual({ pump: 'p7' });
});

test('new events have the version that the last step leads to', () => {
  expect(upcasters.newestVersion('PumpStarted')).toBe(3);
  expect(upcasters.newestVersion('PumpStopped')).toBe(1);
});

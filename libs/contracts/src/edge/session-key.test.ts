import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceOfSessionKey, sessionKey } from './session-key.ts';

test('a plain device name stays readable in its key', () => {
  expect(sessionKey('a1', 'pump_7-x')).toBe('a1.pump_7-x');
});

test('every key is one that a NATS bucket takes, and names its device again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (deviceName) => {
      const key = sessionKey('a1', deviceName);
      expect(key).toMatch(/^[-/=\w]+\.[-/=\w]+$/);
      expect(deviceOfSessionKey(key)).toEqual({ productKey: 'a1', deviceName });
    }),
  );
});

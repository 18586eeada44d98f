import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isInCanary } from './canary-share.ts';

const names = Array.from({ length: 10_000 }, (_, n) => `pump-${String(n).padStart(5, '0')}`);
const share = (percent: number): number =>
  names.filter((name) => isInCanary(name, percent)).length / names.length;

test('a device that is in a share is in every larger one', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 99 }), (name, percent) => {
      if (isInCanary(name, percent)) expect(isInCanary(name, percent + 1)).toBe(true);
    }),
  );
});

test.each([1, 10, 50, 99])('%i percent of devices with similar names are about so many', (percent) => {
  expect(Math.abs(share(percent) * 100 - percent)).toBeLessThan(1.5);
});

test('no device is in no share, every device is in the whole', () => {
  expect(share(0)).toBe(0);
  expect(share(100)).toBe(1);
});

test('which devices are in a share does not change from release to release', () => {
  expect(names.slice(0, 40).filter((name) => isInCanary(name, 10))).toEqual(['pump-00005', 'pump-00030']);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueWheel } from './due-wheel.ts';

test('what is due comes out once, at its moment or up to a slot later, in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ dueAt: fc.integer({ min: 0, max: 5_000 }), isDeleted: fc.boolean() })),
      (entries) => {
        const wheel = new DueWheel<number>(100);
        for (const [index, { dueAt }] of entries.entries()) wheel.set(index, dueAt);
        for (const [index, { isDeleted }] of entries.entries()) if (isDeleted) wheel.delete(index);
        const kept = entries.filter(({ isDeleted }) => !isDeleted).length;
        expect(wheel.size).toBe(kept);
        let seen = 0;
        for (let now = 0; now <= 5_100; now += 50) {
          for (const index of wheel.take(now)) {
            const dueAt = entries[index]?.dueAt ?? Number.NaN;
            expect(now).toBeGreaterThanOrEqual(dueAt);
            expect(now - dueAt).toBeLessThan(150);
            seen += 1;
          }
        }
        expect(seen).toBe(kept);
        expect(wheel.size).toBe(0);
      },
    ),
  );
});

test('a new moment takes the place of the old one', () => {
  const wheel = new DueWheel<string>(100);
  wheel.set('a', 100);
  wheel.set('a', 900);
  expect(wheel.take(800)).toEqual([]);
  expect(wheel.take(900)).toEqual(['a']);
  expect(wheel.take(2_000)).toEqual([]);
});

import { expect, test } from 'vitest';
import { ReleasedRevisions } from './released-revisions.ts';

test('a revision is given out once', () => {
  const released = new ReleasedRevisions();
  released.add('a1.pump-1', 7);
  expect(released.take('a1.pump-1')).toBe(7);
  expect(released.take('a1.pump-1')).toBeUndefined();
});

test('the newest revision of a key counts', () => {
  const released = new ReleasedRevisions();
  released.add('a1.pump-1', 7);
  released.add('a1.pump-1', 9);
  expect(released.take('a1.pump-1')).toBe(9);
});

test('no more than 50,000 are remembered, the oldest go first', () => {
  const released = new ReleasedRevisions();
  for (let number = 0; number <= 50_000; number += 1) released.add(`a1.pump-${number}`, number);
  expect(released.take('a1.pump-0')).toBeUndefined();
  expect(released.take('a1.pump-1')).toBe(1);
});

test('where guesses are wrong only one in fifty is made, until they are right again', () => {
  const released = new ReleasedRevisions();
  const given = (count: number): number => {
    let total = 0;
    for (let number = 0; number < count; number += 1) {
      released.add('a1.pump-1', number + 1);
      if (released.take('a1.pump-1') !== undefined) total += 1;
    }
    return total;
  };
  for (let count = 0; count < 100; count += 1) released.proved(false);
  expect(given(500)).toBe(10);
  for (let count = 0; count < 100; count += 1) released.proved(true);
  expect(given(500)).toBe(500);
});

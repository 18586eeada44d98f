import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Departures } from './departures.ts';

test('a few leave at once', () => {
  const departures = new Departures();
  const gone: number[] = [];
  for (let each = 0; each < 3; each += 1) departures.add(() => gone.push(each));
  expect(gone).toEqual([0, 1, 2]);
  expect(departures.length).toBe(0);
});

test('many leave a few in each turn of the event loop, in order, and nobody overtakes', async () => {
  const departures = new Departures();
  const gone: number[] = [];
  for (let each = 0; each < 100; each += 1) departures.add(() => gone.push(each));
  const perTurn = gone.length;
  expect(perTurn).toBeGreaterThan(0);
  expect(perTurn).toBeLessThan(50);
  await turn();
  expect(gone.length).toBeLessThanOrEqual(2 * perTurn);
  departures.add(() => gone.push(100));
  for (let turns = 0; turns < 101 && departures.length > 0; turns += 1) {
    const before = gone.length;
    await turn();
    expect(gone.length).toBeLessThanOrEqual(before + perTurn);
  }
  expect(gone).toEqual(Array.from({ length: 101 }, (_, each) => each));
});

test('who leaves because another one does has a turn too', async () => {
  const departures = new Departures();
  const gone: string[] = [];
  for (let each = 0; each < 20; each += 1) {
    departures.add(() => {
      gone.push('first');
      departures.add(() => gone.push('second'));
    });
  }
  for (let turns = 0; turns < 10; turns += 1) await turn();
  expect(gone.filter((each) => each === 'second')).toHaveLength(20);
  expect(gone).toHaveLength(40);
});

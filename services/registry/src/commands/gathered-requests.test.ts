import { expect, test } from 'vitest';
import { GatheredRequests } from './gathered-requests.ts';

const outage = new Error('the database is away');

function gathered({ mostWaiting = 100 }: { readonly mostWaiting?: number } = {}) {
  const batches: number[][] = [];
  const requests = new GatheredRequests<number, string>({
    answer: async (batch) => {
      batches.push([...batch]);
      await Promise.resolve();
      if (batch.includes(13)) throw new Error('13 is bad');
      if (batch.includes(99)) throw outage;
      return batch.map(String);
    },
    isHopeless: (error) => error === outage,
    mostInBatch: 4,
    mostWaiting,
    refusal: () => new Error('too many wait'),
  });
  return { batches, requests };
}

test('the first request goes alone at once, what comes meanwhile goes together', async () => {
  const { batches, requests } = gathered();
  const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((request) => requests.ask(request)));
  expect(answers).toEqual(['1', '2', '3', '4', '5', '6']);
  expect(batches).toEqual([[1], [2, 3, 4, 5], [6]]);
  expect(await requests.ask(7)).toBe('7');
});

test('one bad request fails alone', async () => {
  const { requests } = gathered();
  const settled = await Promise.allSettled([1, 2, 13, 4, 5].map((request) => requests.ask(request)));
  expect(settled.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
  ]);
});

test('an error that speaks of no request fails the batch, and the next one is tried', async () => {
  const { batches, requests } = gathered();
  const settled = await Promise.allSettled([1, 99, 2, 3, 4, 5].map((request) => requests.ask(request)));
  expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(4);
  expect(batches).toHaveLength(3);
});

test('beyond its bound it refuses at once', async () => {
  const { requests } = gathered({ mostWaiting: 2 });
  const asked = [1, 2, 3].map((request) => requests.ask(request));
  await expect(requests.ask(4)).rejects.toThrow('too many wait');
  expect(await Promise.all(asked)).toEqual(['1', '2', '3']);
});

import { serveThread } from '../serve-thread.ts';

/** What the tests order: a number is doubled, everything else goes wrong in its own way. */
export type OddOrder = number | 'hang' | 'throw' | 'exit' | 'hoard';

serveThread((order: OddOrder): number => {
  if (typeof order === 'number') return order * 2;
  if (order === 'throw') throw new Error('so it goes');
  if (order === 'exit') process.exit(3);
  const hoard: object[] = [];
  for (;;) if (order === 'hoard') hoard.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
});

import { expect, test } from 'vitest';
import { CallLine } from './call-line.ts';

/** A call that is over when the test says so. */
function heldCall() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { call: () => promise, resolve, reject };
}

test('calls beyond the limit wait for a place, and beyond the line there is none', async () => {
  const line = new CallLine(1, 1);
  const first = heldCall();
  const one = line.inTurn(first.call, 60_000);
  const two = line.inTurn(async () => 'second', 60_000);
  expect([line.callsUnderWay, line.callsWaiting]).toEqual([1, 1]);
  expect(await line.inTurn(async () => 'third', 60_000)).toEqual({ missed: 'queue-full' });
  first.resolve('first');
  expect([await one, await two]).toEqual([{ result: 'first' }, { result: 'second' }]);
  expect([line.callsUnderWay, line.callsWaiting]).toEqual([0, 0]);
});

test('who has waited too long is told so while the calls before it go on, and is never called', async () => {
  const line = new CallLine(1, 1);
  const first = heldCall();
  const one = line.inTurn(first.call, 60_000);
  let isCalled = false;
  const late = async () => (isCalled = true);
  expect(await line.inTurn(late, 1)).toEqual({ missed: 'waited-too-long' });
  first.resolve('first');
  await one;
  expect(await line.inTurn(async () => 'next', 60_000)).toEqual({ result: 'next' });
  expect(isCalled).toBe(false);
});

test('a call that fails gives its place back, and its failure on', async () => {
  const line = new CallLine(1, 1);
  const first = heldCall();
  const one = line.inTurn(first.call, 60_000);
  const two = line.inTurn(() => Promise.reject(new Error('second')), 60_000);
  first.reject(new Error('first'));
  await expect(one).rejects.toThrow('first');
  await expect(two).rejects.toThrow('second');
  expect(line.callsUnderWay).toBe(0);
});

import { collectGarbage } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { DeviceLine } from './device-line.ts';

/** Work that is done when the test says so. */
function work<Result>(result: Result) {
  const { promise, resolve } = Promise.withResolvers<Result>();
  let isBegun = false;
  return {
    begin: () => {
      isBegun = true;
      return promise;
    },
    get isBegun() {
      return isBegun;
    },
    finish: () => resolve(result),
  };
}

test('an identical request shares the work under way', async () => {
  const line = new DeviceLine<string>(2);
  const first = work('yes');
  const second = work('no');
  const one = line.join('pump', 'a', first.begin, 1_000);
  const other = line.join('pump', 'a', second.begin, 1_000);
  first.finish();
  expect([await one.result, await other.result]).toEqual(['yes', 'yes']);
  expect([one.isShared, other.isShared, second.isBegun]).toEqual([false, true, false]);
});

test('a different request of the device waits for its turn, and another device for nobody', async () => {
  const line = new DeviceLine<string>(3);
  const [first, second, third, drill] = [work('1'), work('2'), work('3'), work('4')];
  const one = line.join('pump', 'a', first.begin, 1_000).result;
  const two = line.join('pump', 'b', second.begin, 1_000).result;
  const three = line.join('pump', 'c', third.begin, 1_000).result;
  void line.join('drill', 'a', drill.begin, 1_000).result;
  expect([second.isBegun, third.isBegun, drill.isBegun]).toEqual([false, false, true]);
  first.finish();
  expect(await one).toBe('1');
  second.finish();
  expect(await two).toBe('2');
  third.finish();
  expect(await three).toBe('3');
});

test('more different requests than may wait get no turn, until there is room again', async () => {
  const line = new DeviceLine<string>(1);
  const first = work('1');
  const one = line.join('pump', 'a', first.begin, 1_000).result;
  expect(await line.join('pump', 'b', work('2').begin, 1_000).result).toBeUndefined();
  first.finish();
  await one;
  const third = work('3');
  third.finish();
  expect(await line.join('pump', 'b', third.begin, 1_000).result).toBe('3');
});

test('who gives up is passed over, and who comes after it still waits for the work under way', async () => {
  const line = new DeviceLine<string>(3);
  const [first, second, third] = [work('1'), work('2'), work('3')];
  void line.join('pump', 'a', first.begin, 1_000).result;
  const two = line.join('pump', 'b', second.begin, 1).result;
  const three = line.join('pump', 'c', third.begin, 1_000).result;
  expect(await two).toBeUndefined();
  expect([second.isBegun, third.isBegun]).toEqual([false, false]);
  first.finish();
  third.finish();
  expect(await three).toBe('3');
  expect(second.isBegun).toBe(false);
});

test('a line that is never empty holds nothing of what is done', async () => {
  const line = new DeviceLine<object>(3);
  const answers: WeakRef<object>[] = [];
  const begun = (request: number) => {
    const answer = {};
    answers.push(new WeakRef(answer));
    const next = work(answer);
    void line.join('pump', String(request), next.begin, 1_000).result;
    return next.finish;
  };
  let finish = begun(0);
  for (let request = 1; request <= 20; request += 1) {
    const finishNext = begun(request);
    finish();
    finish = finishNext;
    await new Promise(setImmediate);
  }
  await collectGarbage();
  expect(answers.filter((answer) => answer.deref() !== undefined).length).toBeLessThan(5);
});

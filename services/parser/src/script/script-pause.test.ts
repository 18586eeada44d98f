import { expect, test } from 'vitest';
import { ScriptPause } from './script-pause.ts';

test('a script that breaks now and then is not stopped', () => {
  const pause = new ScriptPause();
  for (let now = 0; now < 60_000; now += 2_500) expect(pause.broke(now)).toBe(false);
  expect(pause.leftMs(60_000)).toBe(0);
});

test('the third break within five seconds stops a script for five seconds', () => {
  const pause = new ScriptPause();
  expect([0, 10, 20].map((now) => pause.broke(now))).toEqual([false, false, true]);
  expect([20, 1_020, 5_020, 9_000].map((now) => pause.leftMs(now))).toEqual([5_000, 4_000, 0, 0]);
});

test('who has to be stopped again and again is stopped for longer, for a minute at most', () => {
  const pause = new ScriptPause();
  const lengths: number[] = [];
  let now = 0;
  for (let each = 0; each < 6; each += 1) {
    pause.stop(now);
    lengths.push(pause.leftMs(now));
    now += pause.leftMs(now) + 1_000;
  }
  expect(lengths).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

test('a minute without trouble makes the next pause a short one', () => {
  const pause = new ScriptPause();
  pause.stop(0);
  pause.stop(6_000);
  expect(pause.leftMs(6_000)).toBe(10_000);
  pause.stop(76_000);
  expect(pause.leftMs(76_000)).toBe(5_000);
});

test('one device alone does not stop a script, three do', () => {
  const pause = new ScriptPause();
  for (let now = 0; now < 4_000; now += 100) expect(pause.broke(now, 'pump')).toBe(false);
  expect(pause.broke(4_000, 'mixer')).toBe(false);
  expect(pause.broke(4_100, 'pump')).toBe(false);
  expect(pause.broke(4_200, 'valve')).toBe(true);
});

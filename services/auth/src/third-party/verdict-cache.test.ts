import { expect, test, vi } from 'vitest';
import { VerdictCache } from './verdict-cache.ts';

const device = { productKey: 'a1', deviceName: 'pump', isDisabled: false, credentialVersion: 1 };
const accepted = { outcome: 'accepted', device, expiresAt: null, permissions: [] } as const;
const yes = { ...accepted, permissions: [] };
const no = { outcome: 'refused', message: undefined } as const;

function cacheOf(entries: number, negativeSeconds = 2) {
  return new VerdictCache({
    AUTH_VERDICT_CACHE_ENTRIES: entries,
    AUTH_NEGATIVE_CACHE_SECONDS: negativeSeconds,
  });
}

function withClock(body: (advanceMs: (ms: number) => void) => void): void {
  vi.useFakeTimers();
  try {
    body((ms) => vi.advanceTimersByTime(ms));
  } finally {
    vi.useRealTimers();
  }
}

test('a yes is used for as long as the gateway allows, a no for a moment', () => {
  withClock((advanceMs) => {
    const cache = cacheOf(9);
    cache.rememberAccepted('a', yes, 10);
    cache.rememberRefused('b', no);
    advanceMs(1_999);
    expect([cache.find('a')?.outcome, cache.find('b')?.outcome]).toEqual(['accepted', 'refused']);
    advanceMs(1);
    expect([cache.find('a')?.outcome, cache.find('b')]).toEqual(['accepted', undefined]);
    advanceMs(8_000);
    expect(cache.find('a')).toBeUndefined();
  });
});

test('a yes is not used after its own expiry', () => {
  withClock((advanceMs) => {
    const cache = cacheOf(9);
    cache.rememberAccepted('a', { ...yes, expiresAt: new Date(Date.now() + 3_000) }, 10);
    advanceMs(2_999);
    expect(cache.find('a')).toBeDefined();
    advanceMs(1);
    expect(cache.find('a')).toBeUndefined();
  });
});

test('with 0 seconds nothing is kept', () => {
  const cache = cacheOf(9, 0);
  cache.rememberAccepted('a', yes, 0);
  cache.rememberRefused('b', no);
  expect([cache.find('a'), cache.find('b')]).toEqual([undefined, undefined]);
});

test('however many are refused, none of them pushes out a yes', () => {
  const cache = cacheOf(2);
  cache.rememberAccepted('a', yes, 10);
  for (let index = 0; index < 100; index += 1) cache.rememberRefused(`no-${index}`, no);
  expect(cache.find('a')).toBe(yes);
  expect(cache.find('no-0')).toBeUndefined();
});

import { expect, test } from 'vitest';
import { Subscriptions } from './subscriptions.ts';

const plain = { retainAsPublished: false } as const;

test('a message that several subscriptions match goes out once, with the highest QoS and every identifier', () => {
  const subscriptions = new Subscriptions(10);
  subscriptions.add({ ...plain, filter: 'down/#', qos: 0, identifier: 7 });
  subscriptions.add({ ...plain, filter: 'down/+', qos: 1, identifier: 8 });
  subscriptions.add({ ...plain, filter: 'else', qos: 1, identifier: 9 });

  expect(subscriptions.match('down/a')).toEqual({ qos: 1, retainAsPublished: false, identifiers: [7, 8] });
});

test('a message that nothing matches has no way out', () => {
  expect(new Subscriptions(10).match('down/a')).toBeUndefined();
});

test('subscribing again replaces the subscription, also at the limit', () => {
  const subscriptions = new Subscriptions(1);
  expect(subscriptions.add({ ...plain, filter: 'a', qos: 0 })).toBe(true);
  expect(subscriptions.add({ ...plain, filter: 'b', qos: 0 })).toBe(false);
  expect(subscriptions.add({ ...plain, filter: 'a', qos: 1 })).toBe(true);
  expect(subscriptions.match('a')?.qos).toBe(1);
});

test('an unsubscribed filter matches nothing', () => {
  const subscriptions = new Subscriptions(1);
  subscriptions.add({ ...plain, filter: 'a', qos: 0 });
  expect([subscriptions.remove('a'), subscriptions.remove('a')]).toEqual([true, false]);
  expect(subscriptions.match('a')).toBeUndefined();
});

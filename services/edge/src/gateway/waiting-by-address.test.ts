import { Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WaitingByAddress, type WaitingConnection } from './waiting-by-address.ts';

const socket = new Socket();
let arrivals = 0;
const from = (address: string): WaitingConnection => ({ socket, address, since: (arrivals += 1) });

function lineOf(...addresses: string[]): WaitingByAddress {
  const line = new WaitingByAddress();
  for (const address of addresses) line.add(from(address));
  return line;
}

function taken(line: WaitingByAddress): string[] {
  const addresses: string[] = [];
  for (let next = line.takeFirst(); next !== undefined; next = line.takeFirst()) addresses.push(next.address);
  return addresses;
}

test('the addresses take turns', () => {
  expect(taken(lineOf('a', 'a', 'a', 'b', 'c', 'b'))).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
});

test('of an address the first comes first, and of the longest row the newest gives way', () => {
  const line = lineOf('a', 'a', 'b', 'a');
  const [first, second, third] = [...line].filter(({ address }) => address === 'a');
  expect(line.takeNewestOfMost()).toBe(third);
  expect(line.first).toBe(first);
  expect(line.takeFirst()).toBe(first);
  expect(line.takeFirst()?.address).toBe('b');
  expect(line.takeFirst()).toBe(second);
  expect(line.takeNewestOfMost()).toBeUndefined();
});

test('who has less than a share is owed a place, and nobody where all have the same', () => {
  const line = lineOf('a', 'a', 'a', 'a', 'b');
  expect(line.isOwedPlace('c')).toBe(true);
  expect(line.isOwedPlace('b')).toBe(true);
  expect(line.isOwedPlace('a')).toBe(false);
  expect(lineOf('a', 'b', 'c').isOwedPlace('d')).toBe(false);
  expect(lineOf().isOwedPlace('a')).toBe(false);
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), address: fc.constantFrom('a', 'b', 'c', 'd') }),
  fc.record({ kind: fc.constantFrom('takeFirst' as const, 'takeNewestOfMost' as const) }),
);

test('whatever comes and goes, each is there once, and its address in order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const line = new WaitingByAddress();
      const waiting = new Set<WaitingConnection>();
      for (const each of steps) {
        if (each.kind === 'add') {
          const one = from(each.address);
          waiting.add(one);
          line.add(one);
        } else {
          const first = line.first;
          const one = line[each.kind]();
          if (each.kind === 'takeFirst') expect(one).toBe(first);
          expect(one === undefined).toBe(waiting.size === 0);
          if (one !== undefined) expect(waiting.delete(one)).toBe(true);
        }
        expect(line.length).toBe(waiting.size);
        expect(new Set(line)).toEqual(waiting);
      }
      const rows = Map.groupBy(line, ({ address }) => address);
      for (const row of rows.values()) {
        expect(row.map(({ since }) => since)).toEqual(
          row.map(({ since }) => since).toSorted((one, other) => one - other),
        );
      }
    }),
  );
});

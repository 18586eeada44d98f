import { expect, test } from 'vitest';
import { LoadedSandboxes } from './loaded-sandboxes.ts';
import { ScriptSandboxes, type ScriptSandbox } from './script-sandbox.ts';

/** Sandboxes that note what became of them. */
class NotedSandboxes extends ScriptSandboxes {
  readonly retired: string[] = [];

  open(code: string): ScriptSandbox {
    return {
      run: () => Promise.resolve([]),
      encode: () => Promise.resolve(new Uint8Array()),
      retire: () => this.retired.push(code),
    };
  }
}

test('a product keeps its sandbox while its code stays the same', () => {
  const made = new NotedSandboxes();
  const loaded = new LoadedSandboxes(made, 2);
  const first = loaded.of('p', 'one');
  expect(loaded.of('p', 'one')).toBe(first);
  expect(loaded.of('p', 'two')).not.toBe(first);
  expect(made.retired).toEqual(['one']);
});

test('what is retired by name is made anew when it is asked for again', () => {
  const made = new NotedSandboxes();
  const loaded = new LoadedSandboxes(made, 2);
  loaded.of('p', 'one');
  loaded.retire('p');
  loaded.retire('q');
  expect([made.retired, loaded.size]).toEqual([['one'], 0]);
});

test('the one that was not used for longest makes room', () => {
  const made = new NotedSandboxes();
  const loaded = new LoadedSandboxes(made, 2);
  loaded.of('p', 'one');
  loaded.of('q', 'two');
  loaded.of('p', 'one');
  loaded.of('r', 'three');
  expect([made.retired, loaded.size]).toEqual([['two'], 2]);
  loaded.retireAll();
  expect([made.retired, loaded.size]).toEqual([['two', 'one', 'three'], 0]);
});

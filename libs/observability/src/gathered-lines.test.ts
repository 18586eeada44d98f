import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { GatheredLines } from './gathered-lines.ts';

const messages = (chunk: string): string[] =>
  Array.from(chunk.matchAll(/"msg":"(\w+)"/g), ([, msg]) => String(msg));

function gathered() {
  const writes: string[][] = [];
  const lines = new GatheredLines({ write: (chunk) => void writes.push(messages(chunk)) });
  return { lines, logger: pino({ level: 'trace' }, lines), writes };
}

afterEach(() => void vi.useRealTimers());

test('lines that come close together are written together, in order', () => {
  vi.useFakeTimers();
  const { logger, writes } = gathered();
  logger.info('a');
  logger.debug('b');
  expect(writes).toEqual([]);
  vi.advanceTimersByTime(20);
  expect(writes).toEqual([['a', 'b']]);
  logger.info('c');
  vi.advanceTimersByTime(20);
  expect(writes).toEqual([['a', 'b'], ['c']]);
});

test.each(['warn', 'error', 'fatal'] as const)(
  '%s is written at once, after what was said before',
  (level) => {
    vi.useFakeTimers();
    const { logger, writes } = gathered();
    logger.info('a');
    logger[level]('b');
    expect(writes).toEqual([['a', 'b']]);
    vi.advanceTimersByTime(100);
    expect(writes).toHaveLength(1);
  },
);

test('no more than 64 kB wait', () => {
  vi.useFakeTimers();
  const { logger, writes } = gathered();
  for (let i = 0; i < 100; i += 1) logger.info({ text: 'x'.repeat(1_024) }, 'a');
  expect(writes).toHaveLength(1);
});

test.each([
  { how: 'exits', end: 'process.exit(0)' },
  { how: 'breaks', end: "queueMicrotask(() => { throw new Error('broken'); })" },
  { how: 'has nothing left to do', end: 'undefined' },
])('a process that $how writes what is left', async ({ end }) => {
  const program = `
    import { GatheredLines } from '${import.meta.dirname}/gathered-lines.ts';
    const lines = new GatheredLines({ write: (chunk) => process.stdout.write(chunk) });
    lines.write('last words');
    ${end};`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  expect(stdout).toBe('last words');
});

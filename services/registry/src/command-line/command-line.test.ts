import { expect, test } from 'vitest';
import { readCommandLine } from './command-line.ts';

test('a command is read with its flags, in any order', () => {
  expect(readCommandLine(['rebuild', '--verify', '--data-dir', '/tmp/g'])).toEqual({
    command: 'rebuild',
    verify: true,
    dataDirectory: '/tmp/g',
  });
  expect(readCommandLine(['--data-dir=g', 'rotate-master-key'])).toMatchObject({
    command: 'rotate-master-key',
    dataDirectory: 'g',
  });
});

test.each([[[]], [['help']], [['--help']], [['rebuild', '-h']]])('%j is a call for help', (args) => {
  expect(readCommandLine(args).command).toBe('help');
});

test.each([
  [['rebild'], /no command "rebild"/],
  [['rebuild', 'all'], /takes no "all"/],
  [['rotate-master-key', '--verify'], /belongs to rebuild/],
  [['rebuild', '--fast'], /--fast/],
  [['rebuild', '--data-dir'], /--data-dir/],
])('%j is refused in words', (args, words) => {
  expect(() => readCommandLine(args)).toThrow(words);
  expect(() => readCommandLine(args)).toThrow(/help lists the commands/);
});

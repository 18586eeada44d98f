import { createLogger } from '@gatehouse/observability';
import { expect, test } from 'vitest';
import { ScriptFailureLog } from './script-failure-log.ts';
import { SCRIPT_FAILURE_CODE, ScriptFailure } from './script-failure.ts';

const broken = new ScriptFailure(SCRIPT_FAILURE_CODE.exception, 'x is not defined', { line: 3, column: 7 });
const empty = new ScriptFailure(SCRIPT_FAILURE_CODE.emptyResult, 'nothing was returned');

function logged(): { readonly lines: Record<string, unknown>[]; readonly log: ScriptFailureLog } {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('parser', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
  return { lines, log: new ScriptFailureLog(logger) };
}

test('a failing script is told once with its line, and again after a minute with what came between', () => {
  const { lines, log } = logged();
  for (let message = 0; message < 100; message += 1) log.failed('p', 2, broken, message);
  log.failed('p', 2, broken, 60_001);
  expect(lines).toMatchObject([
    {
      level: 'warn',
      productKey: 'p',
      version: 2,
      code: '26002',
      reason: 'x is not defined',
      line: 3,
      untold: 0,
    },
    { code: '26002', untold: 99 },
  ]);
});

test('another product, version or code is told by itself', () => {
  const { lines, log } = logged();
  log.failed('p', 2, broken, 0);
  log.failed('p', 3, broken, 0);
  log.failed('p', 2, empty, 0);
  log.failed('q', 2, broken, 0);
  log.failed('q', undefined, broken, 0);
  expect(lines).toHaveLength(5);
});

test('what is remembered is bounded', () => {
  const { lines, log } = logged();
  for (let product = 0; product < 10_001; product += 1) log.failed(`p${product}`, 1, broken, 0);
  log.failed('p10000', 1, broken, 1);
  log.failed('p0', 1, broken, 1);
  expect(lines).toHaveLength(10_002);
});

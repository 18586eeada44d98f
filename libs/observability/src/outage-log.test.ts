import { pino } from 'pino';
import { expect, test } from 'vitest';
import { OutageLog, reasonOf } from './outage-log.ts';

function logged(): { readonly lines: Record<string, unknown>[]; readonly outage: OutageLog } {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  return { lines, outage: new OutageLog(logger, { failing: 'it is away', mended: 'it is back' }) };
}

test('an outage is one line when it begins and one when it ends, without a stack', () => {
  const { lines, outage } = logged();
  outage.succeeded();
  for (let attempt = 0; attempt < 5; attempt += 1) outage.failed(new Error('refused'), { work: 'w' });
  outage.succeeded();
  outage.succeeded();
  expect(lines).toMatchObject([
    { level: 40, msg: 'it is away', reason: 'refused', work: 'w' },
    { level: 30, msg: 'it is back', failedForMs: expect.any(Number) },
  ]);
  expect(JSON.stringify(lines)).not.toContain('outage-log.test');
});

test('the next outage is told again', () => {
  const { lines, outage } = logged();
  outage.failed('first');
  outage.succeeded();
  outage.failed('second');
  expect(lines.map(({ reason }) => reason)).toEqual(['first', undefined, 'second']);
});

test('an error without a message is told by its code', () => {
  // What Node throws when every address of a host refused.
  expect(reasonOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
  expect(reasonOf(new TypeError())).toBe('TypeError');
  expect(reasonOf('text')).toBe('text');
});

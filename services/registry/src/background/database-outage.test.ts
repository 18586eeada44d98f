import { DatabaseUnavailable } from '@gatehouse/event-store';
import pg from 'pg';
import { expect, test } from 'vitest';
import { isDatabaseOutage } from './database-outage.ts';

const sqlError = (code: string): Error => Object.assign(new pg.DatabaseError('x', 1, 'error'), { code });

test.each([
  ['no connection to be had', new DatabaseUnavailable(new Error('x'))],
  ['a server that shuts down', sqlError('57P01')],
  ['too many connections', sqlError('53300')],
  ['a connection that ended', new Error('Connection terminated unexpectedly')],
  ['a port where nobody listens', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
])('%s is an outage', (_case, error) => {
  expect(isDatabaseOutage(error)).toBe(true);
});

test.each([
  ['text that jsonb does not take', sqlError('22P05')],
  ['a violated constraint', sqlError('23505')],
  ['a mistake of ours', new TypeError('x is undefined')],
])('%s is none', (_case, error) => {
  expect(isDatabaseOutage(error)).toBe(false);
});

import { scryptSync } from 'node:crypto';
import type { PasswordHash } from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { AuthMetrics } from '../observability/auth-metrics.ts';
import { PasswordHasher } from './password-hasher.ts';

function hashOf(password: string, cost = 2): PasswordHash {
  const salt = Buffer.from('0123456789abcdef');
  return {
    algorithm: 'scrypt',
    cost,
    blockSize: 8,
    parallelization: 1,
    salt: salt.toString('base64'),
    hash: scryptSync(password, salt, 32, { cost, blockSize: 8, parallelization: 1 }).toString('base64'),
  };
}

function hasher(atOnce: number, waiting: number) {
  const metrics = new AuthMetrics();
  const limits = { AUTH_PASSWORD_HASHES_AT_ONCE: atOnce, AUTH_PASSWORD_HASHES_WAITING: waiting };
  return { metrics, hasher: new PasswordHasher(limits, metrics) };
}

test.each([
  ['secret', 'match'],
  ['Secret', 'mismatch'],
  ['', 'mismatch'],
  ['secret ', 'mismatch'],
])('the password %j against the hash of "secret": %s', async (password, outcome) => {
  expect(await hasher(4, 4).hasher.compare(password, hashOf('secret'))).toBe(outcome);
});

test('a hash with other settings is checked with those', async () => {
  expect(await hasher(4, 4).hasher.compare('secret', hashOf('secret', 1_024))).toBe('match');
});

test('more than may run and wait are turned away, and all others get their answer', async () => {
  const { hasher: limited, metrics } = hasher(2, 3);
  const expected = hashOf('secret');
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => limited.compare('secret', expected)));
  expect(outcomes.toSorted()).toEqual([...Array(5).fill('match'), ...Array(3).fill('overloaded')]);
  expect(metrics.passwordChecks.of('hashed')).toBe(5);
  expect(metrics.passwordChecks.of('overloaded')).toBe(3);
  expect(await limited.compare('secret', expected)).toBe('match');
});

test('a hash that cannot be computed frees its place', async () => {
  const { hasher: limited } = hasher(1, 0);
  const broken = { ...hashOf('secret'), cost: 3 };
  await expect(limited.compare('secret', broken)).rejects.toThrow('scrypt');
  expect(await limited.compare('secret', hashOf('secret'))).toBe('match');
});

test('the hash for unknown users has the settings that were compared last, and matches nothing', async () => {
  const { hasher: adapting } = hasher(4, 4);
  await adapting.compare('secret', hashOf('secret', 64));
  expect(adapting.hashOfNobody).toMatchObject({ cost: 64, blockSize: 8, parallelization: 1 });
  expect(await adapting.compare('', adapting.hashOfNobody)).toBe('mismatch');
  expect(adapting.hashOfNobody.cost).toBe(64);
});

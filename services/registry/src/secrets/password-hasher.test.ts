import { scryptSync } from 'node:crypto';
import type { PasswordHash } from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { hashPassword, hashPasswords } from './password-hasher.ts';

function matches(password: string, { salt, hash, cost, blockSize, parallelization }: PasswordHash): boolean {
  const derived = scryptSync(password, Buffer.from(salt, 'base64'), 32, { cost, blockSize, parallelization });
  return derived.toString('base64') === hash;
}

test('a password that is set alone is hashed at the higher cost', async () => {
  const hash = await hashPassword('secret');
  expect(hash).toMatchObject({ algorithm: 'scrypt', cost: 512, blockSize: 8, parallelization: 1 });
  expect(matches('secret', hash)).toBe(true);
  expect((await hashPassword('secret')).salt).not.toBe(hash.salt);
});

test.each([3, 250])('%i passwords are hashed, each with a salt of its own', async (count) => {
  const passwords = Array.from({ length: count }, (_, index) => `password-${index % 7}`);
  const hashes: PasswordHash[] = [];
  await hashPasswords(passwords, { cost: 16, onHashed: (index, hash) => (hashes[index] = hash) });
  expect(hashes).toHaveLength(count);
  expect(new Set(hashes.map(({ salt }) => salt)).size).toBe(count);
  for (const [index, hash] of hashes.entries()) expect(matches(passwords[index] ?? '', hash)).toBe(true);
});

test('what goes wrong on the thread is an error here', async () => {
  const passwords = Array.from({ length: 200 }, () => 'password');
  await expect(hashPasswords(passwords, { cost: 3, onHashed: () => undefined })).rejects.toThrow('scrypt');
});

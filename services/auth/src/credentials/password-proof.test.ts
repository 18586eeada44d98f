import { expect, test } from 'vitest';
import type { KnownCredential } from './credential-directory.ts';
import { PasswordProof } from './password-proof.ts';

function credential(hash = 'aGFzaA=='): KnownCredential {
  const password = {
    algorithm: 'scrypt',
    cost: 512,
    blockSize: 8,
    parallelization: 1,
    salt: 'c2FsdA==',
    hash,
  } as const;
  return {
    answer: { outcome: 'found', productKey: 'a1', deviceName: 'pump', isDisabled: false, password },
    proof: undefined,
  };
}

test('only the password that was remembered is recognised', () => {
  const proof = new PasswordProof();
  const pump = credential();
  expect(proof.isRemembered(pump, 'secret')).toBe(false);
  proof.remember(pump, 'secret');
  expect(proof.isRemembered(pump, 'secret')).toBe(true);
  expect(proof.isRemembered(pump, 'secre')).toBe(false);
  expect(proof.isRemembered(pump, 'secret2')).toBe(false);
});

test('a proof is worth nothing for another hash of the same device', () => {
  const proof = new PasswordProof();
  const before = credential();
  proof.remember(before, 'secret');
  const after = credential('b3RoZXI=');
  after.proof = before.proof;
  expect(proof.isRemembered(after, 'secret')).toBe(false);
});

test('another process does not recognise it', () => {
  const pump = credential();
  new PasswordProof().remember(pump, 'secret');
  expect(new PasswordProof().isRemembered(pump, 'secret')).toBe(false);
});

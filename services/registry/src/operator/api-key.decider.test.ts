import { deciderSpec } from '@gatehouse/testing';
import { test } from 'vitest';
import { apiKeyDecider } from './api-key.decider.ts';
import type { ApiKeyEvent } from './api-key.events.ts';

const { given } = deciderSpec(apiKeyDecider);
const created: ApiKeyEvent = {
  type: 'ApiKeyCreated',
  data: { apiKeyId: 'k1', name: 'console', role: 'viewer' },
};
const revoked: ApiKeyEvent = { type: 'ApiKeyRevoked', data: { apiKeyId: 'k1' } };

test('a key is created once', () => {
  const create = { type: 'CreateApiKey', apiKeyId: 'k1', name: 'console', role: 'viewer' } as const;
  given().when(create).expectEvents(created);
  given(created).when(create).expectNoEvents();
});

test('a key is revoked once, and stays revoked', () => {
  const revoke = { type: 'RevokeApiKey', apiKeyId: 'k1' } as const;
  given(created).when(revoke).expectEvents(revoked);
  given(created, revoked).when(revoke).expectNoEvents();
});

test('a key that never was cannot be revoked', () => {
  given().when({ type: 'RevokeApiKey', apiKeyId: 'k1' }).expectFailure('REGISTRY_API_KEY_NOT_FOUND');
});

import type { TopicPermission } from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { noticesOf } from './gateway-notices.ts';

const plain = {
  authentication: { type: 'one-way' },
  ocsp: 'disabled',
  topicSpace: 'isolated',
  permissions: [],
} as const;
const noticesWith = (more: Partial<Parameters<typeof noticesOf>[0]>) => noticesOf({ ...plain, ...more });
const rule = (effect: TopicPermission['effect']): TopicPermission => ({
  topic: 'up/#',
  action: 'both',
  effect,
});

test('a gateway that does all that it says has no notices', () => {
  expect(noticesWith({})).toEqual([]);
  expect(noticesWith({ permissions: [rule('deny'), rule('allow')] })).toEqual([]);
});

test('every setting that this version only keeps is told', () => {
  const notices = noticesWith({ ocsp: 'client-and-server', topicSpace: 'shared' });
  expect(notices.map(({ code }) => code)).toEqual([
    'client-ocsp-not-checked',
    'ocsp-stapling-not-served',
    'shared-topic-space-not-served',
  ]);
});

test('permissions that allow nothing are told, and whether an authenticator can still allow something', () => {
  const permissions = [rule('deny')];
  expect(noticesWith({ permissions })).toEqual([
    {
      code: 'permissions-allow-nothing',
      message: expect.stringContaining('devices can neither publish nor subscribe'),
    },
  ]);
  const authentication = {
    type: 'third-party',
    method: 'function',
    function: { provider: 'http-function', endpoint: 'https://fn.example.com' },
  } as const;
  expect(noticesWith({ permissions, authentication })).toEqual([
    {
      code: 'permissions-allow-nothing',
      message: expect.stringContaining("the authenticator's answer"),
    },
  ]);
});

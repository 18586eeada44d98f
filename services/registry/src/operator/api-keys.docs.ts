import type { ApiKeyView } from '@gatehouse/contracts';
import { EXAMPLE, pageParameters, type DocsOf } from '../open-api/operation-docs.ts';
import type { ApiKeysController } from './api-keys.controller.ts';

const API_KEY: ApiKeyView = {
  apiKeyId: EXAMPLE.apiKeyId,
  name: 'anna@console',
  role: 'operator',
  createdAt: '2026-11-21T03:00:00.000Z',
  createdBy: 'bootstrap',
};

export const apiKeysDocs: DocsOf<ApiKeysController> = {
  list: {
    answer: {
      description: 'A page of keys in use, by id; `next` is null on the last',
      example: { items: [API_KEY], next: null },
    },
    parameters: pageParameters(EXAMPLE.apiKeyId),
  },
  create: {
    answer: {
      description: 'The key itself, in `key`: the only time that it is shown',
      example: { ...API_KEY, key: 'gh_…' },
    },
    requests: {
      operator: { summary: 'For a person or a program', value: { name: 'anna@console', role: 'operator' } },
    },
    problems: ['REGISTRY_API_KEY_NAME_TAKEN', 'REGISTRY_API_KEY_SHOWN_ALREADY'],
  },
  revoke: {
    answer: { description: 'The key is good no longer' },
    problems: ['REGISTRY_API_KEY_NOT_FOUND'],
  },
};

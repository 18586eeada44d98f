import type { TopicPermission } from '@gatehouse/contracts';
import type { DocsOf } from '../open-api/operation-docs.ts';
import type { PermissionsController } from './permissions.controller.ts';

const RULES: readonly TopicPermission[] = [
  { topic: 'up/${deviceName}/#', action: 'publish', effect: 'allow' },
  { topic: 'down/${deviceName}/secret', action: 'subscribe', effect: 'deny' },
  { topic: 'down/${deviceName}/#', action: 'subscribe', effect: 'allow' },
];
/** Lets the other examples publish and subscribe. */
const OPEN_RULES: readonly TopicPermission[] = [
  { topic: 'admin/#', action: 'both', effect: 'deny' },
  { topic: '#', action: 'both', effect: 'allow' },
];

const headers = {
  ETag: { description: 'The version of the gateway, for If-Match', schema: { type: 'string' } },
};

export const permissionsDocs: DocsOf<PermissionsController> = {
  get: {
    answer: { description: 'The rules in their order, now or at that instant', example: RULES, headers },
    problems: ['REGISTRY_GATEWAY_NOT_FOUND'],
  },
  replace: {
    answer: { description: 'The rules as they hold now', example: RULES, headers },
    requests: {
      'own-topics': { summary: 'Each device has its own topics', value: RULES },
      'all-but': { summary: 'Everything but what one rule denies', value: OPEN_RULES },
    },
    problems: ['REGISTRY_GATEWAY_NOT_FOUND', 'REGISTRY_GATEWAY_VERSION_MISMATCH'],
  },
};

import type { AddressBan } from '@gatehouse/contracts';
import { EXAMPLE, pageParameters, type DocsOf } from '../open-api/operation-docs.ts';
import type { BansController } from './bans.controller.ts';

const BAN: AddressBan = {
  gatewayId: EXAMPLE.gatewayId,
  remoteAddress: '203.0.113.7',
  bannedAt: EXAMPLE.instant,
  until: '2026-11-21T03:13:00Z',
  cause: 'failed-attempts',
  reason: '101 attempts failed within a minute',
  failures: 101,
  edgeId: 'edge-1',
};

export const bansDocs: DocsOf<BansController> = {
  list: {
    answer: {
      description: 'A page of the bans that hold; `next` is null on the last',
      example: { items: [BAN], next: null },
    },
    parameters: {
      ...pageParameters('0'),
      gatewayId: { description: 'Of this gateway', example: EXAMPLE.gatewayId },
    },
  },
  lift: {
    answer: { description: 'The address may try again at once' },
    parameters: {
      address: {
        description: '`remoteAddress` of the ban, or any IPv6 address of its /64; percent-encoded',
        example: '203.0.113.7',
      },
    },
    problems: ['REGISTRY_BAN_NOT_FOUND'],
  },
};

import type { DeviceRootsView } from '@gatehouse/contracts';
import { EXAMPLE, PEM, type DocsOf } from '../open-api/operation-docs.ts';
import { CHAIN_PROBLEMS } from './certificate-chain.docs.ts';
import type { DeviceRootsController } from './device-roots.controller.ts';

const FINGERPRINT = '6f1c7f8a'.repeat(8);

const ROOTS: DeviceRootsView = {
  gatewayId: EXAMPLE.gatewayId,
  version: 2,
  items: [
    {
      fingerprint: FINGERPRINT,
      enabled: true,
      pem: PEM.certificate,
      chain: [
        {
          subject: 'CN=Device Root',
          issuer: 'CN=Device Root',
          serialNumber: '4b2f0c9d5e7a1186',
          fingerprint: FINGERPRINT,
          notBefore: '2026-11-01T00:00:00.000Z',
          notAfter: '2036-11-01T00:00:00.000Z',
          key: { type: 'ec', bits: null, curve: 'P-256' },
          isCertificateAuthority: true,
          subjectAlternativeNames: null,
        },
      ],
      expiresAt: '2036-11-01T00:00:00.000Z',
    },
  ],
};

const headers = {
  ETag: { description: 'The version of the gateway, for If-Match', schema: { type: 'string' } },
};

export const deviceRootsDocs: DocsOf<DeviceRootsController> = {
  list: {
    answer: { description: 'In the order in which they were added', example: ROOTS, headers },
    problems: ['REGISTRY_GATEWAY_NOT_FOUND'],
  },
  add: {
    answer: { description: 'All device roots as they are now', example: ROOTS, headers },
    requests: {
      root: { summary: 'A root, in use at once', value: { certificate: PEM.certificate } },
    },
    problems: [
      'REGISTRY_GATEWAY_NOT_FOUND',
      'REGISTRY_GATEWAY_INPUT_INVALID',
      ...CHAIN_PROBLEMS,
      'REGISTRY_DEVICE_ROOT_EXISTS',
      'REGISTRY_DEVICE_ROOTS_EXCEEDED',
      'REGISTRY_GATEWAY_VERSION_MISMATCH',
    ],
  },
  change: {
    answer: {
      description: 'All device roots as they are now; their `version` is the new ETag of the gateway',
      example: ROOTS,
    },
    requests: {
      on: { summary: 'Accept what is below it', value: { enabled: true } },
    },
    problems: [
      'REGISTRY_GATEWAY_NOT_FOUND',
      'REGISTRY_DEVICE_ROOT_NOT_FOUND',
      'REGISTRY_DEVICE_ROOT_LAST',
      'REGISTRY_GATEWAY_VERSION_MISMATCH',
    ],
  },
  remove: {
    answer: { description: 'It is gone; the sessions of the gateway end if it was switched on' },
    problems: [
      'REGISTRY_GATEWAY_NOT_FOUND',
      'REGISTRY_DEVICE_ROOT_NOT_FOUND',
      'REGISTRY_DEVICE_ROOT_LAST',
      'REGISTRY_GATEWAY_VERSION_MISMATCH',
    ],
  },
};

import type { ConnectionAttempt } from '@gatehouse/contracts';
import { EXAMPLE, pageParameters, type DocsOf } from '../open-api/operation-docs.ts';
import type { ConnectionAttemptsController } from './connection-attempts.controller.ts';

const REFUSED: ConnectionAttempt = {
  attemptId: 'edge-1-mbx2k1-7f',
  gatewayId: EXAMPLE.gatewayId,
  edgeId: 'edge-1',
  remoteAddress: '203.0.113.7',
  startedAt: EXAMPLE.instant,
  milliseconds: 12.4,
  outcome: 'refused',
  code: 'EDGE_DEVICE_REFUSED',
  reason: 'wrong-password',
  message: 'user name or password is wrong',
  connackCode: 135,
  tls: {
    version: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    serverName: 'mqtt.example.com',
    isResumed: false,
    failure: null,
  },
  certificate: null,
  clientId: EXAMPLE.deviceName,
  username: EXAMPLE.deviceName,
  protocolVersion: 5,
  productKey: null,
  deviceName: null,
  session: null,
  steps: [
    { name: 'tls-handshake', outcome: 'ok', milliseconds: 3.1 },
    { name: 'credential-lookup', outcome: 'cached', milliseconds: 0.1 },
    { name: 'password', outcome: 'refused', milliseconds: 1.2 },
  ],
  notRecorded: 0,
  closed: null,
};

export const connectionAttemptsDocs: DocsOf<ConnectionAttemptsController> = {
  list: {
    answer: {
      description: 'A page of attempts, newest first; `next` is null on the last',
      example: { items: [REFUSED], next: null },
    },
    parameters: {
      ...pageParameters('0'),
      gatewayId: { description: 'At this gateway', example: EXAMPLE.gatewayId },
      clientId: { description: 'With this Client Identifier', example: EXAMPLE.deviceName },
      username: { description: 'With this user name', example: EXAMPLE.deviceName },
      commonName: { description: 'With a certificate of this common name', example: 'CN001' },
      productKey: { description: 'Admitted as a device of this product', example: EXAMPLE.productKey },
      deviceName: { description: 'Admitted as this device', example: EXAMPLE.deviceName },
      ip: { description: 'From this address', example: '203.0.113.7' },
      outcome: {
        description:
          '`admitted`, `refused`, or `failed`: it never came to a CONNECT that could be judged (no TLS, no ' +
          'certificate, no MQTT, too slow)',
        example: 'refused',
      },
      reason: { description: 'For this reason', example: 'wrong-password' },
    },
  },
};

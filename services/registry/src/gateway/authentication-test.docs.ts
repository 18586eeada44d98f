import type { DocsOf } from '../open-api/operation-docs.ts';
import type { AuthenticationTestController } from './authentication-test.controller.ts';

export const authenticationTestDocs: DocsOf<AuthenticationTestController> = {
  testAuthentication: {
    changesNothing: true,
    answer: {
      description:
        'What was sent and received. An authenticator that refuses or fails is an answer too: `outcome` and ' +
        '`reason` say so, `message` says why',
      example: {
        outcome: 'admitted',
        reason: null,
        deviceName: 'device_TH',
        permissions: [],
        assumedRole: null,
        sent: {
          method: 'POST',
          url: 'https://auth.example.com/verify',
          headers: { 'content-type': 'application/json' },
          body: '{"username":"UN001","password":"***"}',
        },
        received: { status: 200, contentType: 'application/json', body: '{"deviceName":"device_TH"}' },
        milliseconds: 48.2,
        message: null,
      },
    },
    requests: {
      'user-name-and-password': {
        summary: 'As a device would connect',
        value: { username: 'UN001', password: 'PW001', clientId: 'test' },
      },
      certificate: {
        summary: 'With a client certificate and a user property of MQTT 5.0',
        value: {
          username: 'UN001',
          password: 'PW001',
          userProperties: [['tenant', 'north']],
          clientCertificate: { commonName: 'CN001', serialNumber: '0a1b', issuer: 'CN=Device CA' },
        },
      },
    },
    problems: [
      'REGISTRY_GATEWAY_NOT_FOUND',
      'REGISTRY_GATEWAY_HAS_NO_AUTHENTICATOR',
      'BUS_SERVICE_UNREACHABLE',
      'BUS_SERVICE_TIMED_OUT',
    ],
  },
};

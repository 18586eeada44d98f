import type { GatewayCertificatesView, GatewayView } from '@gatehouse/contracts';
import {
  EXAMPLE,
  historyParameters,
  pageParameters,
  PEM,
  type DocsOf,
  type RequestExample,
} from '../open-api/operation-docs.ts';
import type { ProblemCode } from '../open-api/problem-statuses.ts';
import { CHAIN_PROBLEMS } from './certificate-chain.docs.ts';
import type { GatewaysController } from './gateways.controller.ts';

const CERTIFICATE = {
  subject: 'CN=mqtt.example.com',
  issuer: 'CN=Example Issuing Authority',
  serialNumber: '4b2f0c9d5e7a1186',
  fingerprint: '6f1c7f8a'.repeat(8),
  notBefore: '2026-11-01T00:00:00.000Z',
  notAfter: '2027-11-01T00:00:00.000Z',
};

const GATEWAY: GatewayView = {
  gatewayId: EXAMPLE.gatewayId,
  version: 1,
  name: 'plant_east',
  port: 8883,
  hostname: null,
  url: 'mqtts://localhost:8883',
  status: 'listening',
  statusReason: null,
  topicSpace: 'isolated',
  parsing: { enabled: true, onFailure: 'drop' },
  authentication: { type: 'one-way' },
  x509: { enabled: false, commonNameMustEqualUsername: false },
  ocsp: 'disabled',
  revocation: { scope: 'leaf', onUnknown: 'allow', responderUrl: null },
  tls: { minVersion: '1.2' },
  limits: { maxPacketBytes: 262_144, maxSubscriptions: 100, keepAlive: null, connectsPerMinute: 5 },
  certificates: {
    serverCertificate: PEM.certificate,
    serverCertificateChain: [CERTIFICATE],
    alternativeServerCertificate: null,
    deviceRootCertificate: null,
    trustedCertificate: null,
  },
  notices: [],
  productKey: EXAMPLE.productKey,
  productName: `Gateway+${EXAMPLE.gatewayId}`,
  createdAt: '2026-11-21T03:10:00.000Z',
  updatedAt: '2026-11-21T03:10:00.000Z',
};

export const SERVER_CHAIN: GatewayCertificatesView['serverCertificate'] = {
  pem: PEM.certificate,
  chain: [
    {
      ...CERTIFICATE,
      key: { type: 'ec', bits: null, curve: 'P-256' },
      isCertificateAuthority: false,
      subjectAlternativeNames: 'DNS:mqtt.example.com',
    },
  ],
  expiresAt: CERTIFICATE.notAfter,
};

export const CERTIFICATES: GatewayCertificatesView = {
  gatewayId: EXAMPLE.gatewayId,
  version: 1,
  serverCertificate: SERVER_CHAIN,
  alternativeServerCertificate: null,
  deviceRootCertificate: null,
  deviceRoots: [],
  trustedCertificate: null,
  staple: {
    outcome: 'staple',
    status: 'good',
    mustStaple: false,
    producedAt: '2026-11-21T03:00:00.000Z',
    thisUpdate: '2026-11-21T03:00:00.000Z',
    nextUpdate: '2026-11-21T07:00:00.000Z',
    validUntil: '2026-11-21T04:10:00.000Z',
    lastError: null,
  },
  alternativeStaple: null,
  generations: [
    {
      version: 1,
      usedFrom: '2026-11-21T03:10:00.000Z',
      serverCertificate: SERVER_CHAIN,
      alternativeServerCertificate: null,
    },
  ],
};

const headers = {
  ETag: { description: 'The version of the gateway, for If-Match', schema: { type: 'string' } },
};

const serverCertificate = { serverCertificate: PEM.certificate, serverPrivateKey: PEM.privateKey };

const CREATIONS: Readonly<Record<string, RequestExample>> = {
  'one-way': {
    summary: 'Devices that are imported, by user name and password; messages are parsed',
    value: {
      name: 'plant_east',
      port: 8883,
      parsing: { enabled: true },
      authentication: { type: 'one-way' },
      certificates: serverCertificate,
    },
  },
  'third-party-https': {
    summary: 'An HTTPS service of yours checks user name and password',
    value: {
      name: 'plant_west',
      port: 8884,
      hostname: 'west.mqtt.example.com',
      authentication: {
        type: 'third-party',
        method: 'https',
        url: 'https://auth.example.com/verify',
        parameters: [
          { key: 'username', value: '${username}' },
          { key: 'password', value: '${password}' },
          { key: 'tenant', value: '${userProperties.tenant}' },
        ],
        caCertificate: PEM.certificate,
        timeoutMs: 3_000,
        cacheSeconds: 60,
      },
      certificates: serverCertificate,
    },
  },
  'third-party-function': {
    summary: 'A function of Alibaba Cloud Function Compute checks them, called with an access key',
    value: {
      name: 'plant_north',
      port: 8885,
      authentication: {
        type: 'third-party',
        method: 'function',
        function: {
          provider: 'aliyun-fc',
          endpoint: 'https://1234567890.cn-shanghai.fc.aliyuncs.com',
          service: 'device-login',
          function: 'verify',
          accessKeyId: 'example-access-key-id',
          accessKeySecret: 'example-access-key-secret',
        },
      },
      certificates: serverCertificate,
    },
  },
  'third-party-function-in-a-role': {
    summary: 'The same in a RAM role, which the access key takes on',
    value: {
      name: 'plant_northeast',
      port: 8887,
      authentication: {
        type: 'third-party',
        method: 'function',
        function: {
          provider: 'aliyun-fc',
          endpoint: 'https://1234567890.cn-shanghai.fc.aliyuncs.com',
          function: 'verify',
          accessKeyId: 'example-access-key-id',
          accessKeySecret: 'example-access-key-secret',
          roleArn: 'acs:ram::1234567890:role/gatehouse',
        },
      },
      certificates: serverCertificate,
    },
  },
  x509: {
    summary: 'Devices show a certificate too; both sides prove by OCSP that theirs is not revoked',
    value: {
      name: 'plant_south',
      port: 8886,
      topicSpace: 'shared',
      x509: { enabled: true },
      ocsp: 'client-and-server',
      limits: { maxPacketBytes: 65_536, keepAlive: { minSeconds: 30, maxSeconds: 1_200 } },
      certificates: {
        ...serverCertificate,
        deviceRootCertificate: PEM.chain,
        trustedCertificate: PEM.certificate,
      },
    },
  },
};

const CERTIFICATE_PROBLEMS: readonly ProblemCode[] = [
  'REGISTRY_GATEWAY_INPUT_INVALID',
  ...CHAIN_PROBLEMS,
  'REGISTRY_CERTIFICATE_KEY_TYPE_SAME',
  'REGISTRY_PRIVATE_KEY_NOT_PEM',
  'REGISTRY_PRIVATE_KEY_ENCRYPTED',
  'REGISTRY_PRIVATE_KEY_MISMATCH',
];

export const gatewaysDocs: DocsOf<GatewaysController> = {
  create: {
    answer: {
      description: 'The gateway. Its status is `starting` until every edge listens, which GET shows',
      example: { ...GATEWAY, status: 'starting' },
      headers,
    },
    requests: CREATIONS,
    problems: [...CERTIFICATE_PROBLEMS, 'REGISTRY_GATEWAY_NAME_TAKEN', 'REGISTRY_GATEWAY_PORT_TAKEN'],
  },
  list: {
    answer: {
      description: 'A page of gateways, by id; `next` is null on the last',
      example: { items: [GATEWAY], next: null },
    },
    parameters: pageParameters(EXAMPLE.gatewayId),
  },
  get: {
    answer: { description: 'The gateway, now or at that instant', example: GATEWAY, headers },
    problems: ['REGISTRY_GATEWAY_NOT_FOUND'],
  },
  history: {
    answer: {
      description: 'A page of events, newest first; `next` is null on the last',
      example: {
        items: [
          {
            globalPosition: '118',
            version: 2,
            type: 'GatewayRenamed',
            at: '2026-11-21T03:12:00.000Z',
            actor: 'anna@console',
            traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
            data: { gatewayId: EXAMPLE.gatewayId, name: 'plant_east_2' },
          },
        ],
        next: '2',
      },
    },
    parameters: historyParameters,
    problems: ['REGISTRY_GATEWAY_NOT_FOUND'],
  },
  getCertificates: {
    answer: { description: 'Its chains; null for those that it has not', example: CERTIFICATES },
    problems: ['REGISTRY_GATEWAY_NOT_FOUND'],
  },
  change: {
    answer: {
      description: 'The gateway as it is now',
      example: { ...GATEWAY, version: 2, name: 'plant_east_2', updatedAt: '2026-11-21T03:12:00.000Z' },
      headers,
    },
    requests: {
      rename: { summary: 'Another name', value: { name: 'plant_east_2' } },
      limits: {
        summary: 'What a device may ask for; what is left out stays',
        value: { limits: { maxSubscriptions: 20, keepAlive: { minSeconds: 30, maxSeconds: 600 } } },
      },
      parsing: {
        summary: 'Messages that cannot be parsed go on as they are, marked',
        value: { parsing: { onFailure: 'forward-raw' } },
      },
      certificate: {
        summary: 'A renewed server certificate, with its key; open connections stay',
        value: { certificates: serverCertificate },
      },
    },
    problems: [
      ...CERTIFICATE_PROBLEMS,
      'REGISTRY_GATEWAY_FIELD_IMMUTABLE',
      'REGISTRY_GATEWAY_NOT_FOUND',
      'REGISTRY_GATEWAY_NAME_TAKEN',
      'REGISTRY_GATEWAY_VERSION_MISMATCH',
    ],
  },
  delete: {
    answer: { description: 'It is gone, its product and devices with it; live connections end' },
    parameters: {
      force: { description: '`true`: also while devices are online', example: 'true' },
    },
    problems: [
      'REGISTRY_GATEWAY_NOT_FOUND',
      'REGISTRY_GATEWAY_HAS_ONLINE_DEVICES',
      'REGISTRY_GATEWAY_VERSION_MISMATCH',
    ],
  },
};

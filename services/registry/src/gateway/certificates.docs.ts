import type { CertificatesCheckResult } from '@gatehouse/contracts';
import { PEM, type DocsOf } from '../open-api/operation-docs.ts';
import type { CertificatesController } from './certificates.controller.ts';
import { CERTIFICATES, SERVER_CHAIN } from './gateways.docs.ts';

const CHECKED: CertificatesCheckResult = {
  usable: false,
  problems: [
    {
      code: 'REGISTRY_CERTIFICATE_CHAIN_OUT_OF_ORDER',
      path: 'certificates.serverCertificate',
      message:
        'must go upwards, each certificate before the one that issued it; the right order is ' +
        '"CN=mqtt.example.com", "CN=Example Issuing Authority": certificates:check answers with the PEM in it',
    },
  ],
  warnings: [],
  serverCertificate: SERVER_CHAIN,
  alternativeServerCertificate: null,
  deviceRootCertificate: null,
  trustedCertificate: null,
};

const headers = {
  ETag: { description: 'The version of the gateway, for If-Match', schema: { type: 'string' } },
};

export const certificatesDocs: DocsOf<CertificatesController> = {
  check: {
    changesNothing: true,
    answer: {
      description:
        'What was found. Codes of problems are those that an upload would be refused with; chains are in the ' +
        'right order, and null where nothing could be read',
      example: CHECKED,
    },
    requests: {
      pair: {
        summary: 'A server certificate with its key',
        value: { serverCertificate: PEM.certificate, serverPrivateKey: PEM.privateKey },
      },
      chain: {
        summary: 'A chain alone, with the root that its OCSP answers are verified with',
        value: { serverCertificate: PEM.certificate, trustedCertificate: PEM.certificate },
      },
    },
    problems: ['REGISTRY_GATEWAY_NOT_FOUND'],
  },
  rollBack: {
    answer: { description: 'The certificates as they are now', example: CERTIFICATES, headers },
    problems: [
      'REGISTRY_GATEWAY_NOT_FOUND',
      'REGISTRY_CERTIFICATE_ROLLBACK_IMPOSSIBLE',
      'REGISTRY_CERTIFICATE_EXPIRED',
      'REGISTRY_GATEWAY_VERSION_MISMATCH',
    ],
  },
};

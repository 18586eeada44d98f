import type { AuthorityView, IssuedCertificateView } from '@gatehouse/contracts';
import { EXAMPLE, pageParameters, PEM, type DocsOf } from '../open-api/operation-docs.ts';
import type { AuthoritiesController } from './authorities.controller.ts';

const AUTHORITY: AuthorityView = {
  authorityId: EXAMPLE.authorityId,
  commonName: 'Devices of plant east',
  certificate: PEM.certificate,
  ocspUrl: `http://ocsp.example.com/ocsp/${EXAMPLE.authorityId}`,
  crlUrl: `http://ocsp.example.com/crl/${EXAMPLE.authorityId}`,
  notAfter: '2036-11-19T03:10:00.000Z',
  createdAt: '2026-11-21T03:10:00.000Z',
};

const CERTIFICATE: IssuedCertificateView = {
  serialNumber: EXAMPLE.serialNumber,
  commonName: 'pump-0007',
  usage: 'client',
  certificate: PEM.certificate,
  notBefore: '2026-11-21T02:12:00.000Z',
  notAfter: '2027-11-21T03:12:00.000Z',
  revokedAt: null,
  revocationReason: null,
};

export const authoritiesDocs: DocsOf<AuthoritiesController> = {
  create: {
    answer: {
      description: 'The authority; its `certificate` is what becomes the device root of a gateway',
      example: AUTHORITY,
    },
    requests: {
      devices: {
        summary: 'For the devices of a plant, for ten years',
        value: { commonName: 'Devices of plant east', days: 3_650 },
      },
    },
  },
  list: {
    answer: {
      description: 'A page of authorities, by id; `next` is null on the last',
      example: { items: [AUTHORITY], next: null },
    },
    parameters: pageParameters(EXAMPLE.authorityId),
  },
  get: {
    answer: { description: 'The authority', example: AUTHORITY },
    problems: ['REGISTRY_AUTHORITY_NOT_FOUND'],
  },
  delete: {
    answer: { description: 'The authority, its key and what it issued are gone' },
    problems: ['REGISTRY_AUTHORITY_NOT_FOUND', 'REGISTRY_AUTHORITY_IN_USE'],
  },
  issue: {
    answer: {
      description:
        'The certificate. Of the subject the common name is kept; a server keeps the names of its subjectAltName',
      example: CERTIFICATE,
    },
    requests: {
      client: {
        summary: 'For a device, for a year',
        value: { csr: PEM.request, usage: 'client', days: 365 },
      },
      server: {
        summary: 'For a gateway, whose request names its hosts in subjectAltName',
        value: { csr: PEM.request, usage: 'server', days: 90 },
      },
    },
    problems: [
      'REGISTRY_AUTHORITY_NOT_FOUND',
      'REGISTRY_AUTHORITY_EXPIRED',
      'REGISTRY_CSR_MALFORMED',
      'REGISTRY_CSR_SIGNATURE_INVALID',
      'REGISTRY_CSR_WEAK',
      'REGISTRY_CSR_NAME_INVALID',
    ],
  },
  listCertificates: {
    answer: {
      description: 'A page of certificates, by serial number; `next` is null on the last',
      example: { items: [CERTIFICATE], next: null },
    },
    parameters: pageParameters(EXAMPLE.serialNumber),
    problems: ['REGISTRY_AUTHORITY_NOT_FOUND'],
  },
  getCertificate: {
    answer: { description: 'The certificate, and whether it is revoked', example: CERTIFICATE },
    problems: ['REGISTRY_AUTHORITY_NOT_FOUND', 'REGISTRY_ISSUED_CERTIFICATE_NOT_FOUND'],
  },
  revoke: {
    answer: {
      description: 'The certificate; revoking it again changes nothing, the reason neither',
      example: { ...CERTIFICATE, revokedAt: '2026-11-22T03:12:00.000Z', revocationReason: 'keyCompromise' },
    },
    requests: {
      keyCompromise: {
        summary: 'Somebody else may have the key; reasons are those of RFC 5280',
        value: { reason: 'keyCompromise' },
      },
    },
    problems: ['REGISTRY_AUTHORITY_NOT_FOUND', 'REGISTRY_ISSUED_CERTIFICATE_NOT_FOUND'],
  },
};

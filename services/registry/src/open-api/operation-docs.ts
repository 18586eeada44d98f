import type { ProblemCode } from './problem-statuses.ts';

/** A body that the end-to-end test sends as it stands, but for what no document can know (see `PEM`). */
export interface RequestExample {
  readonly summary: string;
  /** `application/json` unless it says otherwise. */
  readonly mediaType?: 'text/csv';
  readonly value: unknown;
}

export interface ParameterDocs {
  readonly description: string;
  readonly example: string;
  /** Still taken; not beside what took its place. */
  readonly deprecated?: true;
}

export interface AnswerDocs {
  readonly description: string;
  readonly example?: unknown;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: object }>>;
}

/** What the description of the API says of an operation beyond what its schemas say. */
export interface OperationDocs {
  /** Of the success; without example where nothing is answered. */
  readonly answer: AnswerDocs;
  /** By name: of the query, and of the path and headers where PARAMETERS says too little. */
  readonly parameters?: Readonly<Record<string, ParameterDocs>>;
  /** By name, in the order in which they are shown and sent. */
  readonly requests?: Readonly<Record<string, RequestExample>>;
  /** No GET, yet nothing is other than before: it takes no Idempotency-Key. */
  readonly changesNothing?: true;
  /** Its own; those that every operation can answer with are added. */
  readonly problems?: readonly ProblemCode[];
}

/** One entry for each operation: a controller with a method more does not compile without its docs. */
export type DocsOf<Controller> = { readonly [Operation in keyof Controller]: OperationDocs };

/**
 * Certificates and keys are shown as forms without content. The end-to-end test puts a chain of its own in their
 * place, by the name of the field.
 */
export const PEM = {
  certificate: '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n',
  chain:
    '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n' +
    '-----BEGIN CERTIFICATE-----\nMIIC…\n-----END CERTIFICATE-----\n',
  request: '-----BEGIN CERTIFICATE REQUEST-----\nMHYw…\n-----END CERTIFICATE REQUEST-----\n',
  privateKey: '-----BEGIN PRIVATE KEY-----\nMIGH…\n-----END PRIVATE KEY-----\n',
} as const;

/** Names that the examples share; the end-to-end test fills in those that earlier answers gave. */
export const EXAMPLE = {
  gatewayId: 'gw-mfzwizltoq',
  productKey: 'a1k8m2x7q4p',
  deviceName: 'pump-0007',
  importId: '01980f3c-5b1e-7c44-9d0a-3f6e2b7a1c55',
  version: '1',
  apiKeyId: '9f86d081884c7d65',
  authorityId: 'ca-mfzwizltoq',
  serialNumber: '4b2f0c9d5e7a11864b2f0c9d5e7a1186',
  instant: '2026-11-21T03:12:00Z',
} as const;

const NEXT = 'The `next` of the page before; left out for the first page';

/** Of every list. */
export const pageParameters = (after: string): Readonly<Record<'limit' | 'after', ParameterDocs>> => ({
  limit: { description: 'Items of a page, at most', example: '20' },
  after: { description: NEXT, example: after },
});

/** Of histories, which are read backwards. */
export const historyParameters: Readonly<Record<'limit' | 'after' | 'before', ParameterDocs>> = {
  limit: { description: 'Events of a page, at most', example: '20' },
  after: { description: NEXT, example: '12' },
  before: { description: 'The former name of `after`; give one of the two', example: '12', deprecated: true },
};

/** Those of paths and headers, which mean the same in every operation. */
export const PARAMETERS: Readonly<Record<string, ParameterDocs>> = {
  gatewayId: { description: '`gatewayId` of the gateway', example: EXAMPLE.gatewayId },
  productKey: {
    description: '`productKey` of the product that came with the gateway',
    example: EXAMPLE.productKey,
  },
  deviceName: { description: 'Name of the device, percent-encoded', example: EXAMPLE.deviceName },
  fingerprint: {
    description: '`fingerprint` of the device root: SHA-256 of the DER, hexadecimal',
    example: '6f1c7f8a'.repeat(8),
  },
  importId: { description: '`importId` of the answer to `devices:import`', example: EXAMPLE.importId },
  version: { description: 'Number of a submitted version', example: EXAMPLE.version },
  apiKeyId: { description: '`apiKeyId` of the key; not the key itself', example: EXAMPLE.apiKeyId },
  authorityId: { description: '`authorityId` of the authority', example: EXAMPLE.authorityId },
  serialNumber: {
    description: 'Serial number of the certificate, lower-case hexadecimal',
    example: EXAMPLE.serialNumber,
  },
  at: { description: 'The state at this instant, ISO 8601, instead of now', example: EXAMPLE.instant },
  'Idempotency-Key': {
    description:
      'The same request with the same key is carried out once in 24 hours; repeated, it has the same answer',
    example: 'shift-2026-11-21-a',
  },
  'If-Match': {
    description: 'The ETag of an earlier answer: 412 when the gateway has changed since',
    example: '"1"',
  },
};

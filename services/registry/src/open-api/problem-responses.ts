import { PROBLEM_STATUSES, type ProblemCode } from './problem-statuses.ts';

/** RFC 9457, with the members that every problem of ours has. */
export const PROBLEM = {
  type: 'object',
  description: 'Problem details (RFC 9457)',
  required: ['type', 'title', 'status', 'detail', 'code', 'errors'],
  properties: {
    type: { type: 'string', description: 'Always `about:blank`: the code says more' },
    title: { type: 'string', description: 'The name of the status' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong and how to mend it' },
    code: { type: 'string', description: 'One of docs/errors.md; never renamed' },
    errors: {
      type: 'array',
      description: 'Each place that is wrong, where places can be named',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: {
          path: { type: 'string', description: 'Such as `certificates.serverCertificate`' },
          message: { type: 'string' },
        },
      },
    },
  },
};

const OF_ALL: readonly ProblemCode[] = [
  'HTTP_REQUEST_INVALID',
  'HTTP_URL_MALFORMED',
  'REGISTRY_API_KEY_MISSING',
  'REGISTRY_API_KEY_INVALID',
  'HTTP_URL_TOO_LONG',
  'REGISTRY_API_KEY_ATTEMPTS_EXCEEDED',
  'SERVICE_UNEXPECTED',
  'EVENT_DATABASE_UNAVAILABLE',
];
const OF_ROLES: readonly ProblemCode[] = ['REGISTRY_ROLE_INSUFFICIENT'];
const OF_WRITES: readonly ProblemCode[] = [
  'EVENT_STREAM_VERSION_CONFLICT',
  'REGISTRY_IDEMPOTENCY_KEY_REUSED',
];
const OF_BODIES: readonly ProblemCode[] = [
  'HTTP_BODY_MALFORMED',
  'HTTP_BODY_TOO_LARGE',
  'HTTP_MEDIA_TYPE_UNSUPPORTED',
];

export interface AskedOperation {
  /** More than to read. */
  readonly needsRole: boolean;
  readonly isWrite: boolean;
  readonly hasBody: boolean;
}

/** What an operation can answer with but its success, by status, and what is left under `default`. */
export function problemResponses(
  { needsRole, isWrite, hasBody }: AskedOperation,
  own: readonly ProblemCode[],
): Readonly<Record<string, object>> {
  const common = [
    ...OF_ALL,
    ...(needsRole ? OF_ROLES : []),
    ...(isWrite ? OF_WRITES : []),
    ...(hasBody ? OF_BODIES : []),
  ];
  const ofOperation = Object.entries(byStatus([...own, ...common])).map(([status, codes]) => {
    const isShared = codes.join() === SHARED[status]?.join();
    return [status, isShared ? { $ref: `#/components/responses/${nameOf(status)}` } : problem(codes)];
  });
  return { ...Object.fromEntries(ofOperation), default: OTHER };
}

const SHARED: Readonly<Record<string, readonly ProblemCode[]>> = byStatus([
  ...OF_ALL,
  ...OF_ROLES,
  ...OF_WRITES,
  ...OF_BODIES,
]);
const OTHER = {
  description: 'Another problem (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** Components: what several operations answer alike. */
export const SHARED_PROBLEMS: Readonly<Record<string, object>> = Object.fromEntries(
  Object.entries(SHARED).map(([status, codes]) => [nameOf(status), problem(codes)]),
);

function nameOf(status: string): string {
  return `Problem${status}`;
}

function byStatus(codes: readonly ProblemCode[]): Record<string, readonly ProblemCode[]> {
  return Object.fromEntries(Object.entries(Object.groupBy(codes, (code) => PROBLEM_STATUSES[code])));
}

function problem(codes: readonly ProblemCode[]): object {
  const schema = { $ref: '#/components/schemas/Problem', properties: { code: { enum: codes } } };
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    content: { 'application/problem+json': { schema } },
  };
}

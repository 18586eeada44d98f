/** The part of an OpenAPI document that is touched here. */
interface Described {
  readonly paths: Readonly<Record<string, object>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> } | undefined;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'errors'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong and how to mend it' },
    code: { type: 'string', description: 'One of docs/errors.md; never renamed' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

const PROBLEM_RESPONSE = {
  description: 'A problem (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same request with the same key is carried out once',
  schema: { type: 'string', maxLength: 255 },
};

interface Operation {
  readonly responses?: object;
  readonly parameters?: readonly object[];
}

/** Says of every operation what is true of all: how errors look, and that writes take an Idempotency-Key. */
export function withProblems<Document extends Described>(document: Document): Document {
  const paths = Object.fromEntries(
    Object.entries(document.paths).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([method, operation]: [string, Operation]) => [
          method,
          METHODS.includes(method) ? described(method, operation) : operation,
        ]),
      ),
    ]),
  );
  const schemas = { ...document.components?.schemas, Problem: PROBLEM };
  return { ...document, paths, components: { ...document.components, schemas } };
}

function described(method: string, operation: Operation): Operation {
  const parameters = operation.parameters ?? [];
  return {
    ...operation,
    parameters: method === 'get' ? parameters : [...parameters, IDEMPOTENCY_KEY],
    responses: { ...operation.responses, default: PROBLEM_RESPONSE },
  };
}

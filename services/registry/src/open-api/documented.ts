import { PARAMETERS, type OperationDocs, type RequestExample } from './operation-docs.ts';
import { PROBLEM, problemResponses, SHARED_PROBLEMS } from './problem-responses.ts';
import { docsOf } from './registry-docs.ts';

/** The part of an OpenAPI document that is touched here. */
interface Described {
  readonly paths: Readonly<Record<string, object>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> } | undefined;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> };
  readonly responses: Readonly<Record<string, Response>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly type?: unknown };
  readonly description?: string | undefined;
  readonly example?: unknown;
  readonly deprecated?: boolean;
}

interface Response {
  readonly description?: string;
  readonly headers?: object;
  readonly content?: Readonly<Record<string, object>>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', maxLength: 255 },
};

/** Adds the docs of each operation, and what is true of all: how errors look, that what changes something takes an Idempotency-Key. */
export function documented<Document extends Described>(document: Document): Document {
  const paths = Object.fromEntries(
    Object.entries(document.paths).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([key, value]: [string, Operation]) => [
          key,
          METHODS.includes(key) ? documentedOperation(key, value) : value,
        ]),
      ),
    ]),
  );
  const schemas = { ...document.components?.schemas, Problem: PROBLEM };
  return { ...document, paths, components: { ...document.components, schemas, responses: SHARED_PROBLEMS } };
}

function documentedOperation(method: string, operation: Operation): Operation {
  const docs = docsOf(operation.operationId);
  const { parameters = [], requestBody, responses } = operation;
  const needsRole = method !== 'get';
  const isWrite = needsRole && docs.changesNothing !== true;
  const success = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  return {
    ...operation,
    parameters: [...parameters, ...(isWrite ? [IDEMPOTENCY_KEY] : [])].map((each) => withExample(each, docs)),
    ...(requestBody === undefined
      ? {}
      : { requestBody: { ...requestBody, content: bodies(requestBody, docs) } }),
    responses: {
      ...Object.fromEntries(success.map(([status, response]) => [status, answered(response, docs)])),
      ...problemResponses({ needsRole, isWrite, hasBody: requestBody !== undefined }, docs.problems ?? []),
    },
  };
}

function withExample(parameter: Parameter, docs: OperationDocs): Parameter {
  const { name, schema } = parameter;
  const { example, ...others } = docs.parameters?.[name] ?? PARAMETERS[name] ?? {};
  return { ...parameter, ...others, example: schema.type === 'integer' ? Number(example) : example };
}

/** A body that is no JSON is text to a schema, whatever the text says. */
function bodies(
  { content }: { readonly content: Readonly<Record<string, object>> },
  { requests = {} }: OperationDocs,
): Readonly<Record<string, object>> {
  return Object.fromEntries(
    Object.entries(content).map(([mediaType, media]) => {
      const examples = Object.entries(requests)
        .filter(([, { mediaType: own = 'application/json' }]) => own === mediaType)
        .map(([name, { summary, value }]: [string, RequestExample]) => [name, { summary, value }]);
      const schema = mediaType === 'application/json' ? {} : { schema: { type: 'string' } };
      return [mediaType, { ...media, ...schema, examples: Object.fromEntries(examples) }];
    }),
  );
}

function answered(response: Response, { answer }: OperationDocs): Response {
  const headers = answer.headers === undefined ? {} : { headers: answer.headers };
  const content = Object.entries(response.content ?? {}).map(([mediaType, media]) => [
    mediaType,
    { ...media, example: answer.example },
  ]);
  return {
    ...response,
    description: answer.description,
    ...headers,
    ...(content.length === 0 ? {} : { content: Object.fromEntries(content) }),
  };
}

import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { z } from 'zod';

const schema = z.record(z.string(), z.unknown());
const media = z.object({
  schema,
  examples: z.record(z.string(), z.object({ value: z.unknown() })).default({}),
});
const answer = z.object({ content: z.record(z.string(), media).optional() });

const operation = z.object({
  operationId: z.string(),
  parameters: z.array(
    z.object({
      name: z.string(),
      in: z.enum(['path', 'query', 'header']),
      required: z.boolean().default(false),
      deprecated: z.boolean().default(false),
      example: z.union([z.string(), z.int()]).transform(String),
    }),
  ),
  requestBody: z.object({ content: z.record(z.string(), media) }).optional(),
  responses: z.record(z.string(), answer),
});

const description = z.object({
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: schema,
});

/** An operation of the API, as its description says. */
export interface DescribedOperation {
  readonly operationId: string;
  readonly method: string;
  /** With `{name}` where a parameter stands. */
  readonly path: string;
  readonly parameters: z.infer<typeof operation>['parameters'];
  readonly requests: readonly DescribedRequest[];
  readonly success: DescribedAnswer;
}

export interface DescribedRequest {
  readonly name: string;
  readonly mediaType: string;
  readonly value: unknown;
}

export interface DescribedAnswer {
  readonly status: number;
  /** Undefined where nothing is answered. */
  readonly mediaType: string | undefined;
  /** What of an answer does not fit the schema; undefined when all does. */
  readonly problemOf: (body: unknown) => string | undefined;
}

/** Reads /api/v1/openapi.json as a client generator would: from the server, for what to send and what to expect. */
export async function fetchDescription(url: string): Promise<DescribedOperation[]> {
  const { paths, components } = description.parse(await (await fetch(url)).json());
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addFormat('base64', true);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, each]) => ({
      operationId: each.operationId,
      method: method.toUpperCase(),
      path,
      parameters: each.parameters,
      requests: requestsOf(each),
      success: successOf(each, (own) => {
        const validate = ajv.compile({ ...own, components });
        return (body) => (validate(body) ? undefined : ajv.errorsText(validate.errors));
      }),
    })),
  );
}

function requestsOf({ requestBody }: z.infer<typeof operation>): DescribedRequest[] {
  return Object.entries(requestBody?.content ?? {}).flatMap(([mediaType, { examples }]) =>
    Object.entries(examples).map(([name, { value }]) => ({ name, mediaType, value })),
  );
}

function successOf(
  { operationId, responses }: z.infer<typeof operation>,
  compile: (schema: object) => DescribedAnswer['problemOf'],
): DescribedAnswer {
  const [success, ...others] = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  if (success === undefined || others.length > 0) throw new Error(`${operationId} needs one success`);
  const [status, { content = {} }] = success;
  const [body] = Object.entries(content);
  if (body === undefined) {
    return {
      status: Number(status),
      mediaType: undefined,
      problemOf: (text) => (text === '' ? undefined : 'not empty'),
    };
  }
  return { status: Number(status), mediaType: body[0], problemOf: compile(body[1].schema) };
}

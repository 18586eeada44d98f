import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { registryControllers } from '../registry-controllers.module.ts';
import { openApiOf } from './open-api.module.ts';
import { docsOf } from './registry-docs.ts';

const example = z.object({ summary: z.string().min(1), value: z.unknown() });
const media = z.object({
  schema: z.record(z.string(), z.unknown()),
  example: z.unknown().optional(),
  examples: z.record(z.string(), example).optional(),
});
const operation = z.object({
  operationId: z.string(),
  summary: z.string().min(1),
  parameters: z.array(
    z.object({
      name: z.string(),
      in: z.string(),
      description: z.string().min(1),
      example: z.union([z.string(), z.int()]),
      schema: z.object({}).loose(),
    }),
  ),
  requestBody: z.object({ content: z.record(z.string(), media) }).optional(),
  responses: z.record(
    z.string(),
    z.union([
      z.object({ description: z.string().min(1), content: z.record(z.string(), media).optional() }),
      z.strictObject({ $ref: z.string(), content: z.undefined().optional() }),
    ]),
  ),
});

const document = await openApiOf(registryControllers);
const operations = Object.values(document.paths)
  .flatMap((item) => Object.values(item))
  .map((each) => operation.parse(each));
const namesOf = (paths: object): string[] => Object.keys(paths);

const ajv = new Ajv2020({
  strict: true,
  strictRequired: false,
  strictTypes: false,
  coerceTypes: false,
  allErrors: true,
});
formats.default(ajv);
ajv.addFormat('base64', true);
ajv.addKeyword('example');
ajv.addKeyword('components');
const { components } = document;
/** References are to the document's components, so each schema gets them. */
const compiled = (schema: object): ValidateFunction => ajv.compile({ ...schema, components });

test('it is a valid OpenAPI 3.1 document', async () => {
  const copy: object = JSON.parse(JSON.stringify(document));
  expect(await new Validator().validate({ ...copy })).toEqual({ valid: true });
  expect(document.openapi).toMatch(/^3\.1\./);
});

test('verbs are described as clients write them', () => {
  const paths = namesOf(document.paths);
  expect(paths).toContain('/api/v1/products/{productKey}/devices:import');
  expect(paths).toContain('/api/v1/products/{productKey}/devices/{deviceName}:disable');
  expect(paths).toContain('/api/v1/products/{productKey}/parsing/draft:submit');
  expect(paths).toContain('/api/v1/products/{productKey}/parsing/versions/{version}:restore');
});

test('bodies, queries and answers are described by the schemas that check them', () => {
  const create = document.paths['/api/v1/gateways']?.post;
  expect(JSON.stringify(create?.requestBody)).toContain('serverPrivateKey');
  expect(JSON.stringify(create?.responses['201'])).toContain('statusReason');
  const list = document.paths['/api/v1/products/{productKey}/devices']?.get;
  expect(list?.parameters).toContainEqual(expect.objectContaining({ name: 'prefix', in: 'query' }));
});

test('every operation but GET takes an Idempotency-Key, except those that change nothing', () => {
  const keyless = Object.values(document.paths)
    .flatMap((item) => Object.entries(item))
    .map(([method, each]) => ({ method, ...operation.parse(each) }))
    .filter(({ method, parameters }) => {
      const takesKey = parameters.some(({ name }) => name === 'Idempotency-Key');
      return takesKey === (method === 'get');
    });
  expect(keyless.map(({ operationId }) => operationId).toSorted()).toEqual([
    'authenticationTest.testAuthentication',
    'certificates.check',
    'parsingTrials.tryDraft',
  ]);
});

test('every operation has a name of its own', () => {
  expect(operations.length).toBeGreaterThan(20);
  const names = operations.map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
});

test('every schema is JSON Schema 2020-12, and every example of a body, an answer or a parameter fits its own', () => {
  const misfits: unknown[] = [];
  const check = (where: string, schema: object, value: unknown): void => {
    const validate = compiled(schema);
    if (!validate(value)) misfits.push({ where, value, errors: validate.errors });
  };
  for (const { operationId, parameters, requestBody, responses } of operations) {
    for (const { name, schema, example: value } of parameters) check(`${operationId} ${name}`, schema, value);
    for (const [mediaType, { schema, examples = {} }] of Object.entries(requestBody?.content ?? {})) {
      expect(Object.keys(examples), `${operationId}: examples as ${mediaType}`).not.toEqual([]);
      for (const [name, { value }] of Object.entries(examples))
        check(`${operationId} ${name}`, schema, value);
    }
    for (const [status, { content = {} }] of Object.entries(responses)) {
      for (const each of Object.values(content)) {
        if (status.startsWith('2')) check(`${operationId} ${status}`, each.schema, each.example);
        else compiled(each.schema);
      }
    }
  }
  expect(misfits).toEqual([]);
});

test('nothing that the docs say is lost: each parameter and each media type is one of the operation', () => {
  for (const { operationId, parameters, requestBody } of operations) {
    const docs = docsOf(operationId);
    const shown = Object.values(requestBody?.content ?? {}).flatMap(({ examples = {} }) =>
      Object.keys(examples),
    );
    expect({ operationId, shown }).toEqual({ operationId, shown: Object.keys(docs.requests ?? {}) });
    expect(parameters.map(({ name }) => name)).toEqual(
      expect.arrayContaining(Object.keys(docs.parameters ?? {})),
    );
  }
});

test('every success but 204 is shown', () => {
  const silent = operations.flatMap(({ operationId, responses }) =>
    Object.entries(responses)
      .filter(([status, { content }]) => status.startsWith('2') && status !== '204' && content === undefined)
      .map(() => operationId),
  );
  expect(silent).toEqual([]);
});

test('nothing of the registry leaves through its description: no private key is ever an answer', () => {
  const answers = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map(({ responses }) => responses),
  );
  expect(JSON.stringify(answers)).not.toContain('rivateKey');
});

import { expect, test } from 'vitest';
import { registryControllers } from '../registry-controllers.module.ts';
import { openApiOf } from './open-api.module.ts';

const document = await openApiOf(registryControllers);

test('verbs are described as clients write them', () => {
  const paths = Object.keys(document.paths);
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

test('every operation says how its errors look, and has a name of its own', () => {
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  expect(operations.length).toBeGreaterThan(20);
  for (const operation of operations) expect(operation.responses).toHaveProperty('default');
  const names = operations.map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
});

test('nothing of the registry leaves through its description: no private key is ever an answer', () => {
  const answers = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map(({ responses }) => responses),
  );
  expect(JSON.stringify(answers)).not.toContain('rivateKey');
});

import { expect, test } from 'vitest';
import { mayAct, requiredRole } from './access-policy.ts';

test.each([
  ['GET', '/api/v1/gateways', 'viewer'],
  ['GET', '/api/v1/api-keys', 'viewer'],
  ['POST', '/api/v1/products/:productKey/devices/::import', 'operator'],
  ['PUT', '/api/v1/products/:productKey/parsing/draft', 'operator'],
  ['POST', '/api/v1/products/:productKey/parsing/draft/::try', 'operator'],
  ['POST', '/api/v1/products/:productKey/parsing/canary/::promote', 'operator'],
  ['GET', '/api/v1/products/:productKey/parsing/failures', 'viewer'],
  ['POST', '/api/v1/products/:productKey/parsing/failures/::retry', 'operator'],
  ['DELETE', '/api/v1/products/:productKey/parsing/failures', 'operator'],
  ['POST', '/api/v1/products/:productKey/devices/:deviceName/messages', 'operator'],
  ['POST', '/api/v1/gateways/:gatewayId/::test-authentication', 'operator'],
  ['DELETE', '/api/v1/bans/:gatewayId/:address', 'operator'],
  ['PUT', '/api/v1/gateways/:gatewayId/permissions', 'administrator'],
  ['POST', '/api/v1/authorities/:authorityId/certificates', 'operator'],
  ['POST', '/api/v1/authorities/:authorityId/certificates/:serialNumber/::revoke', 'operator'],
  ['POST', '/api/v1/authorities', 'administrator'],
  ['DELETE', '/api/v1/authorities/:authorityId', 'administrator'],
  ['POST', '/api/v1/gateways', 'administrator'],
  ['DELETE', '/api/v1/api-keys/:apiKeyId', 'administrator'],
])('%s %s needs a %s', (method, route, role) => {
  expect(requiredRole(method, route)).toBe(role);
});

test('a role may do what the roles below it may, and no more', () => {
  expect(mayAct('administrator', 'viewer')).toBe(true);
  expect(mayAct('operator', 'operator')).toBe(true);
  expect(mayAct('viewer', 'operator')).toBe(false);
  expect(mayAct('operator', 'administrator')).toBe(false);
});

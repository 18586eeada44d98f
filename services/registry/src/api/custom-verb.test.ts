import fc from 'fast-check';
import { expect, test } from 'vitest';
import { documentedPath, routedUrl } from './custom-verb.ts';

test.each([
  ['/api/v1/products/p/devices:import', '/api/v1/products/p/devices/:import'],
  ['/api/v1/products/p/devices:import?dryRun=true', '/api/v1/products/p/devices/:import?dryRun=true'],
  ['/api/v1/products/p/devices/a:b:disable:disable', '/api/v1/products/p/devices/a:b:disable/:disable'],
  ['/api/v1/products/p/devices/a%3Adisable', '/api/v1/products/p/devices/a%3Adisable'],
  ['/api/v1/products/p/devices/a:b/messages', '/api/v1/products/p/devices/a:b/messages'],
  ['/api/v1/products/p/devices?x=a:b', '/api/v1/products/p/devices?x=a:b'],
  ['/api/v1/products/p/devices/a/:disable', '/api/v1/products/p/devices/a//:disable'],
  ['/elsewhere:import', '/elsewhere:import'],
])('a POST to %s is routed as %s', (url, routed) => {
  expect(routedUrl('POST', url)).toBe(routed);
});

test.each([
  ['/api/v1/products/p/devices:export', '/api/v1/products/p/devices/:export'],
  ['/api/v1/products/p/devices:export?status=ONLINE', '/api/v1/products/p/devices/:export?status=ONLINE'],
  ['/api/v1/products/p/devices/:export', '/api/v1/products/p/devices/%3Aexport'],
  ['/api/v1/products/p/devices/a:export', '/api/v1/products/p/devices/a:export'],
  ['/api/v1/products/p/devices/devices:export', '/api/v1/products/p/devices/devices:export'],
  ['/api/v1/products/p/devices?prefix=devices:export', '/api/v1/products/p/devices?prefix=devices:export'],
])('a GET of %s is routed as %s', (url, routed) => {
  expect(routedUrl('GET', url)).toBe(routed);
});

test('other methods have no verbs', () => {
  expect(routedUrl('GET', '/api/v1/products/p/devices/a:b')).toBe('/api/v1/products/p/devices/a:b');
});

test('whatever a device is called, its name and the verb come apart again', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9\-_@.:]{4,32}$/), (name) => {
      const routed = routedUrl('POST', `/api/v1/products/p/devices/${name}:disable`);
      expect(routed).toBe(`/api/v1/products/p/devices/${name}/:disable`);
    }),
  );
});

test('the documentation shows the path that clients write', () => {
  expect(documentedPath('/api/v1/products/{productKey}/devices/{deviceName}/:disable')).toBe(
    '/api/v1/products/{productKey}/devices/{deviceName}:disable',
  );
});

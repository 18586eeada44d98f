import type { ServerResponse } from 'node:http';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { portOf, startCustomerServers, startServer, stranger } from './testing/customer-servers.ts';
import { failing } from './testing/failing.ts';

test('a name is judged by the address that it has when a connection is made', async () => {
  await using at = await startCustomerServers();
  await expect(at.ask({ url: `https://other.test:${at.port}/` })).rejects.toEqual(
    failing('OUTBOUND_ADDRESS_FORBIDDEN', 'other.test has no address that may be called: it is a loopback'),
  );
  expect((await at.ask()).status).toBe(200);
  // The name is pointed elsewhere, and the kept connection ends: the next one is judged again.
  at.addresses['auth.test'] = ['127.0.0.2'];
  for (const socket of at.connections) socket.destroy();
  await expect(at.ask({ isRepeatable: true })).rejects.toEqual(failing('OUTBOUND_ADDRESS_FORBIDDEN'));
  at.addresses['auth.test'] = ['127.0.0.1'];
  expect((await at.ask()).status).toBe(200);
  expect(at.reachedForbidden).toBe(0);
});

test('of several addresses only those are called that may be', async () => {
  await using at = await startCustomerServers();
  at.addresses['auth.test'] = ['127.0.0.2', '10.9.9.9', '127.0.0.1', '169.254.169.254'];
  expect((await at.ask()).body.toString()).toBe('fine');
  expect(at.reachedForbidden).toBe(0);
});

test.each([
  '127.0.0.2',
  '[::ffff:127.0.0.2]',
  '2130706434',
  '0x7f000002',
  '0177.0.0.2',
  '127.2',
  'localhost',
  '169.254.169.254',
  '[fd00:ec2::254]',
  '10.0.0.1',
  '0',
])('the address in https://%s/ is refused before anything is sent', async (host) => {
  await using at = await startCustomerServers();
  at.addresses['localhost'] = ['::1', '127.0.0.2'];
  await expect(at.ask({ url: `https://${host}:${at.port}/` })).rejects.toEqual(
    failing('OUTBOUND_ADDRESS_FORBIDDEN'),
  );
  expect(at.reachedForbidden).toBe(0);
});

test('a certificate of an unknown authority is refused, each time, and one of the own CA accepted', async () => {
  await using at = await startCustomerServers();
  await expect(at.ask({ caCertificate: undefined })).rejects.toEqual(
    failing('OUTBOUND_TLS_FAILED', 'caCertificate'),
  );
  await expect(at.ask({ caCertificate: stranger.certificatePem })).rejects.toEqual(
    failing('OUTBOUND_TLS_FAILED'),
  );
  expect((await at.ask()).status).toBe(200);
  // The CA of one customer is not that of another: kept connections are not shared.
  await expect(at.ask({ caCertificate: undefined })).rejects.toEqual(failing('OUTBOUND_TLS_FAILED'));
  await expect(at.ask({ caCertificate: 'nothing of the kind' })).rejects.toEqual(
    failing('OUTBOUND_CA_INVALID'),
  );
  expect(at.requests.length).toBe(1);
});

test('the public authorities stay trusted beside an own CA', async () => {
  await using at = await startCustomerServers();
  const usual = getCACertificates('default');
  setDefaultCACertificates([stranger.certificatePem]);
  const known = await startServer({ issuer: stranger });
  try {
    const url = `https://auth.test:${portOf(known)}/`;
    known.on('request', (_request, response: ServerResponse) => response.end());
    expect((await at.ask({ url })).status).toBe(200);
    expect((await at.ask({ url, caCertificate: undefined })).status).toBe(200);
  } finally {
    setDefaultCACertificates(usual);
    known.closeAllConnections();
    known.close();
  }
});

test('a certificate for another name is refused, each time, and an expired one too', async () => {
  await using at = await startCustomerServers();
  at.addresses['wrong.test'] = ['127.0.0.1'];
  for (let index = 0; index < 3; index += 1) {
    await expect(at.ask({ url: `https://wrong.test:${at.port}/` })).rejects.toEqual(
      failing('OUTBOUND_TLS_FAILED', 'for other names'),
    );
  }
  const expired = await startServer({ days: 0 });
  await expect(at.ask({ url: `https://auth.test:${portOf(expired)}/` })).rejects.toEqual(
    failing('OUTBOUND_TLS_FAILED', 'has expired'),
  );
  expired.close();
});

test('neither a proxy nor a lax setting of the environment changes where requests go', async () => {
  await using at = await startCustomerServers();
  const before = { ...process.env };
  Object.assign(process.env, {
    HTTPS_PROXY: 'http://127.0.0.1:9',
    https_proxy: 'http://127.0.0.1:9',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
  });
  try {
    expect((await at.ask()).status).toBe(200);
    await expect(at.ask({ caCertificate: stranger.certificatePem })).rejects.toEqual(
      failing('OUTBOUND_TLS_FAILED'),
    );
  } finally {
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'NODE_TLS_REJECT_UNAUTHORIZED']) {
      delete process.env[name];
      if (before[name] !== undefined) process.env[name] = before[name];
    }
  }
});

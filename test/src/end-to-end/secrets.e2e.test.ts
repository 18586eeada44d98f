import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@gatehouse/local-servers';
import { buildCertificateRequest, createCertificateAuthority } from '@gatehouse/pki';
import { eventually } from '@gatehouse/testing';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningGatehouse } from '../running-gatehouse.ts';
import { databasePlaces, placesWith } from '../secret-search.ts';
import { SearchedGatehouse } from '../searched-gatehouse.ts';

const HOST = '127.0.0.1';
const DEVICE = 'recognisable-pump';
const PASSWORDS = {
  imported: 'Q7importedPasswordQ7',
  replaced: 'Q7replacedPasswordQ7',
  wrong: 'Q7wrongPasswordQ7',
  refused: 'Q7refused?PasswordQ7',
  beside: 'Q7besideRefusedQ7',
  csv: 'Q7fromCsvPasswordQ7',
};
const ACCESS_KEY_SECRET = 'Q7accessKeySecretQ7accessKeySecretQ7';
const WRONG_API_KEY = `gh_${'Q7wrongKey'.repeat(4)}Q7w`;

let house: SearchedGatehouse;
let gatehouse: RunningGatehouse;
let withDevice: string;

beforeAll(async () => {
  house = await SearchedGatehouse.start();
  ({ gatehouse } = house);
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

const demoKey = async (): Promise<string> =>
  (await readFile(join(gatehouse.dataDirectory, 'demo', 'api-key'), 'utf8')).trim();

/** The lines between BEGIN and END. */
const keyLines = (pem: string): string[] =>
  pem.split('\n').filter((line) => /^[A-Za-z0-9+/=]{40,}$/.test(line));

const certificates = (serverCertificate: string, serverPrivateKey: string) => ({
  serverCertificate,
  serverPrivateKey,
});

test('no secret that goes in is found in the database, in NATS, in a log line, a metric or an answer', async () => {
  const authority = await createCertificateAuthority();
  const issue = () => authority.issueServerCertificate({ commonName: 'secrets', ipAddresses: [HOST] });
  const [first, second, unused] = [await issue(), await issue(), await issue()];

  const port = await freePort();
  const gateway = {
    name: 'secrets_1',
    port,
    certificates: certificates(first.certificatePem, first.privateKeyPem),
  };
  const { status, body } = await house.call('POST', '/gateways', gateway);
  expect(status).toBe(201);
  const productKey = String(body['productKey']);
  withDevice = productKey;
  const gatewayPath = `/gateways/${String(body['gatewayId'])}`;
  await house.call('PATCH', gatewayPath, {
    certificates: certificates(second.certificatePem, second.privateKeyPem),
  });
  const mismatch = {
    ...gateway,
    name: 'secrets_2',
    certificates: certificates(first.certificatePem, unused.privateKeyPem),
  };
  expect((await house.call('POST', '/gateways', mismatch)).status).toBe(400);
  expect((await house.call('POST', '/gateways', { ...gateway, unknown: 1 })).status).toBe(400);
  const third = await house.call('POST', '/gateways', {
    ...gateway,
    name: 'secrets_3',
    port: await freePort(),
    authentication: {
      type: 'third-party',
      method: 'function',
      function: {
        provider: 'aliyun-fc',
        endpoint: 'https://fc.example.com',
        service: 'verify',
        function: 'verify',
        accessKeyId: 'an-id',
        accessKeySecret: ACCESS_KEY_SECRET,
      },
    },
  });

  const devices = `/products/${productKey}/devices`;
  const importing = { devices: [{ username: DEVICE, password: PASSWORDS.imported }] };
  expect((await house.call('POST', `${devices}:import`, importing)).status).toBeLessThan(300);
  const refused = {
    devices: [
      { username: 'device-2', password: PASSWORDS.beside },
      { username: 'device-3', password: PASSWORDS.refused },
    ],
  };
  expect((await house.call('POST', `${devices}:import`, refused)).status).toBe(400);
  const authorization = `Bearer ${await demoKey()}`;
  const csv = `UserName,Password,SN\ndevice-4,${PASSWORDS.csv},\ndevice-4,${PASSWORDS.csv},\n`;
  const headers = { authorization, 'content-type': 'text/csv', 'idempotency-key': 'once' };
  expect(await house.callRaw(`${devices}:import`, { method: 'POST', headers, body: csv })).toBe(400);
  expect(await house.callRaw(`${devices}:import`, { method: 'POST', headers, body: `${csv}"` })).toBe(400);

  const url = `mqtts://${HOST}:${port}`;
  const options = { ca: authority.certificatePem, username: DEVICE, clientId: DEVICE, reconnectPeriod: 0 };
  const client = await eventually(() => connectAsync(url, { ...options, password: PASSWORDS.imported }));
  await client.publishAsync('up/secret', 'payload', { qos: 1 });
  await client.endAsync();
  await expect(connectAsync(url, { ...options, password: PASSWORDS.wrong })).rejects.toThrow(
    /not authorized/i,
  );
  await house.call('PUT', `${devices}/${DEVICE}/credentials`, { password: PASSWORDS.replaced });
  const again = await eventually(() => connectAsync(url, { ...options, password: PASSWORDS.replaced }));
  await again.endAsync();

  const created = await gatehouse.api('POST', '/api-keys', { name: 'recognisable', role: 'viewer' });
  const apiKey = String(created.body['key']);
  expect(await house.callRaw('/gateways', { headers: { authorization: `Bearer ${apiKey}` } })).toBe(200);
  expect(await house.callRaw('/gateways', { headers: { authorization: `Bearer ${WRONG_API_KEY}` } })).toBe(
    401,
  );
  for (const path of [
    devices,
    `${devices}/${DEVICE}/events`,
    gatewayPath,
    `${gatewayPath}/events`,
    '/events',
    '/api-keys',
  ]) {
    await house.call('GET', path);
  }

  const ownAuthority = await house.call('POST', '/authorities', { commonName: 'recognisable authority' });
  const csr = buildCertificateRequest({ commonName: DEVICE, key: createPrivateKey(first.privateKeyPem) });
  const signed = await house.call(
    'POST',
    `/authorities/${String(ownAuthority.body['authorityId'])}/certificates`,
    {
      csr,
    },
  );
  expect(signed.status).toBe(201);

  // What is not secret is found: the search sees what it should, and no store is compressed.
  const places = await eventually(
    async () => {
      const found = await house.everyPlace();
      const deviceFoundIn = placesWith(DEVICE, found).join('\n');
      for (const where of [
        'table public.event',
        'table public.device_view',
        'REGISTRY',
        'MESSAGES',
        'NOTIFICATIONS',
        'KV_sessions',
        'answers',
      ])
        expect(deviceFoundIn).toContain(where);
      return found;
    },
    60_000,
    500,
  );

  const secrets = [
    ...Object.values(PASSWORDS),
    ACCESS_KEY_SECRET,
    apiKey,
    WRONG_API_KEY,
    // The keys of authorities are made inside: how a key of theirs begins when it is not sealed.
    'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg',
    ...[first, second, unused].flatMap(({ privateKeyPem }) => keyLines(privateKeyPem)),
  ];
  expect(secrets.length).toBeGreaterThan(10);
  expect(third.status).toBe(201);
  expect(secrets.flatMap((secret) => placesWith(secret, places))).toEqual([]);
});

test('what is deleted leaves no secret behind', async () => {
  const authorities = (await gatehouse.api('GET', '/authorities')).body['items'] as { authorityId: string }[];
  const databaseUrl = await house.databaseUrl();
  const { body } = await gatehouse.api('GET', '/gateways?limit=1000');
  const own = (body['items'] as { name: string; gatewayId: string }[]).filter(({ name }) =>
    name.startsWith('secrets_'),
  );
  const secretRows = async (): Promise<string> =>
    (await databasePlaces(databaseUrl))
      .filter(({ name }) => name.endsWith('_secret'))
      .map(({ content }) => content.toString())
      .join('\n');
  expect(await secretRows()).toContain(DEVICE);
  await gatehouse.api('DELETE', `/products/${withDevice}/devices/${DEVICE}`);
  expect(await secretRows()).not.toContain(DEVICE);
  for (const { gatewayId } of own) {
    expect(await secretRows()).toContain(gatewayId);
    await gatehouse.api('DELETE', `/gateways/${gatewayId}`);
    expect(await secretRows()).not.toContain(gatewayId);
  }
  expect(authorities).toHaveLength(1);
  for (const { authorityId } of authorities) {
    expect(await secretRows()).toContain(authorityId);
    await gatehouse.api('DELETE', `/authorities/${authorityId}`);
    expect(await secretRows()).not.toContain(authorityId);
  }
});

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { freePort } from '@gatehouse/local-servers';
import { createCertificateAuthority } from '@gatehouse/pki';
import { eventually, quickest } from '@gatehouse/testing';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { importDevices } from '../imported-devices.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { TestGateways, type TestGateway } from '../test-gateways.ts';

const HOST = '127.0.0.1';
let gatehouse: RunningGatehouse;
let gateways: TestGateways;

beforeAll(async () => {
  gatehouse = await RunningGatehouse.start({ edges: 2 });
  gateways = await TestGateways.of(gatehouse);
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
});

/** Common names that handshakes see: enough of them to meet both edges. */
async function servedNames({ port }: TestGateway): Promise<Set<string>> {
  const names = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const socket = connectTls({ host: HOST, port, rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return String(subject.CN);
    }),
  );
  return new Set(names);
}

async function connectDevice(gateway: TestGateway, tls: IClientOptions = {}): Promise<MqttClient> {
  const [device] = await importDevices(gatehouse, gateway.productKey, 1);
  return connectAsync(`mqtts://${HOST}:${gateway.port}`, {
    ...device,
    ca: gateways.ca,
    ...tls,
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
}

test('a gateway listens at every edge within two seconds of its creation', async () => {
  const opened: TestGateway[] = [];
  const listeningAfterMs = await quickest(2_000, async (round) => {
    const startedAt = performance.now();
    opened.push(await gateways.open(`e2e_created_${round}`));
    return performance.now() - startedAt;
  });
  expect(listeningAfterMs).toBeLessThan(2_000);
  for (const [index, gateway] of opened.entries()) {
    expect(await servedNames(gateway)).toEqual(new Set([`e2e_created_${index + 1}`]));
  }
});

test('a new certificate serves new handshakes within a second, and an open connection stays', async () => {
  const gateway = await gateways.open('e2e_first');
  const device = await connectDevice(gateway);
  let isClosed = false;
  device.once('close', () => {
    isClosed = true;
  });

  const servedAfterMs = await quickest(2_000, async (round) => {
    const name = `e2e_next_${round}`;
    const certificates = await gateways.certificatesFor(name);
    const changedAt = performance.now();
    const changed = await gatehouse.api('PATCH', gateway.path, { certificates });
    expect(changed).toMatchObject({ status: 200, body: { version: round + 1 } });
    await eventually(async () => expect(await servedNames(gateway)).toEqual(new Set([name])));
    return performance.now() - changedAt;
  });
  expect(servedAfterMs).toBeLessThan(2_000);
  await gateways.untilListening(gateway);

  await device.publishAsync('up/still-here', 'yes', { qos: 1 });
  expect(isClosed).toBe(false);
  await device.endAsync();
});

test('a port that another program holds makes the gateway failed, with the reason, until it is free', async () => {
  const port = await freePort();
  const blocker = createServer();
  blocker.listen(port, HOST);
  await once(blocker, 'listening');
  const gateway = await gateways.create('e2e_blocked', { port });
  await eventually(async () => {
    const { body } = await gateways.view(gateway);
    expect(body['status']).toBe('failed');
    expect(body['statusReason']).toMatch(new RegExp(`port ${port} .*another program listens there`));
  });

  blocker.close();
  await gateways.untilListening(gateway);
});

test('a gateway that is deleted closes its port within a second, and its devices are told', async () => {
  const closedAfterMs = await quickest(2_000, () => closeByDeletion());
  expect(closedAfterMs).toBeLessThan(2_000);
});

/** How many milliseconds it takes. */
async function closeByDeletion(): Promise<number> {
  const gateway = await gateways.open('e2e_deleted');
  const device = await connectDevice(gateway);
  const { path } = gateway;
  await eventually(async () => {
    const { body } = await gatehouse.api('GET', `/products/${gateway.productKey}/devices?status=ONLINE`);
    expect(body['items']).toHaveLength(1);
  });
  expect(await gatehouse.api('DELETE', path)).toMatchObject({
    status: 409,
    body: { code: 'REGISTRY_GATEWAY_HAS_ONLINE_DEVICES' },
  });
  const ended = new Promise<void>((resolve) => {
    device.once('close', () => resolve());
  });

  const deletedAt = performance.now();
  expect(await gatehouse.api('DELETE', `${path}?force=true`)).toMatchObject({ status: 204 });
  await ended;
  await eventually(async () => {
    await expect(servedNames(gateway)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
  const milliseconds = performance.now() - deletedAt;
  expect(await gateways.view(gateway)).toMatchObject({ status: 404 });
  const again = await gateways.open('e2e_deleted', { port: gateway.port });
  expect(await gatehouse.api('DELETE', again.path)).toMatchObject({ status: 204 });
  return milliseconds;
}

test('a gateway that wants client certificates admits who shows one and nobody else', async () => {
  const authority = await createCertificateAuthority('device root');
  const gateway = await gateways.open('e2e_mutual', {
    x509: { enabled: true },
    certificates: { deviceRootCertificate: authority.certificatePem },
  });
  const stranger = connectAsync(`mqtts://${HOST}:${gateway.port}`, {
    ca: gateways.ca,
    reconnectPeriod: 0,
  });
  await expect(stranger).rejects.toThrow(/certificate required/i);
  const { certificatePem, privateKeyPem } = await authority.issueClientCertificate({ commonName: 'pump' });
  const device = await connectDevice(gateway, { cert: certificatePem, key: privateKeyPem });
  await device.endAsync();
});

test('the demo gateway says of its certificate what its handshake shows', async () => {
  const { gatewayId, host, port } = await gatehouse.device();
  const { body } = await gatehouse.api('GET', `/gateways/${gatewayId}/certificates`);
  const ca = await readFile(gatehouse.caFile, 'utf8');
  const socket = connectTls({ host, port, ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  const fingerprint = socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase();
  socket.destroy();
  expect(body['serverCertificate']).toMatchObject({ chain: [{ fingerprint }] });
});

import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { GatewayListener } from '@gatehouse/contracts';
import { TestAuthority } from '@gatehouse/pki';
import { eventually } from '@gatehouse/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDevice, EdgeHouse } from '../testing/edge-under-test.ts';

let house: EdgeHouse;
const root = TestAuthority.createRoot();
const devices = TestAuthority.createRoot({ commonName: 'device root' });
let first: GatewayListener;
let second: GatewayListener;

const named = (hostname: string): Partial<GatewayListener> => {
  const issued = root.issueServer({ commonName: hostname });
  return { hostname, serverCertificate: issued.certificatePem, serverPrivateKey: issued.privateKeyPem };
};

beforeAll(async () => {
  house = await EdgeHouse.open();
  await house.startEdge();
  first = await house.newGateway('gw-a', { ...named('a.example.com'), productKey: 'pa' });
  second = await house.newGateway('gw-b', {
    ...named('b.example.com'),
    port: first.port,
    productKey: 'pb',
    deviceRootCertificate: devices.certificatePem,
    tls: { minVersion: '1.3' },
  });
  for (const gateway of [first, second]) {
    house.bus.put(gateway);
    await eventually(() => house.stored.expectListening(gateway));
  }
});

afterAll(() => house[Symbol.asyncDispose]());

const device = (): ConnectionOptions => {
  const issued = devices.issueClient({ commonName: 'pump-1' });
  return { cert: issued.certificatePem, key: issued.privateKeyPem };
};

async function shakeHands(options: ConnectionOptions): Promise<TLSSocket | string> {
  const socket = connectTls({ host: '127.0.0.1', port: first.port, ca: root.certificatePem, ...options });
  return new Promise((resolve) => {
    socket.once('secureConnect', () => resolve(socket));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'error'));
  });
}

async function servedTo(options: ConnectionOptions): Promise<string> {
  const socket = await shakeHands({ ...options, checkServerIdentity: () => undefined });
  if (typeof socket === 'string') return socket;
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

test('each gateway shows its own certificate to those who ask for its name, in any case', async () => {
  expect(await servedTo({ servername: 'a.example.com' })).toBe('a.example.com');
  expect(await servedTo({ servername: 'A.Example.COM' })).toBe('a.example.com');
  expect(await servedTo({ servername: 'b.example.com', ...device() })).toBe('b.example.com');
});

test.each(['c.example.com', ''])(
  'the name %j, which no gateway of the port has, gets the alert unrecognized_name and a record',
  async (servername) => {
    expect(await servedTo({ servername })).toMatch(/UNRECOGNIZED_NAME$/);
    await eventually(async () => {
      const serverName = servername === '' ? null : servername;
      expect(await house.stored.attempts()).toContainEqual(
        expect.objectContaining({
          outcome: 'failed',
          code: 'EDGE_TLS_HANDSHAKE_FAILED',
          reason: 'unknown-server-name',
          tls: expect.objectContaining({ serverName }),
        }),
      );
    });
  },
);

test('the gateway without a host name serves every other name, and clients without SNI', async () => {
  const nameless = await house.newGateway('gw-c', {
    ...named('c.example.com'),
    hostname: null,
    port: first.port,
  });
  house.bus.put(nameless);
  await eventually(() => house.stored.expectListening(nameless));
  expect(await servedTo({ servername: 'other.example.com' })).toBe('c.example.com');
  expect(await servedTo({ servername: '' })).toBe('c.example.com');
  expect(await servedTo({ servername: 'a.example.com' })).toBe('a.example.com');
  house.bus.delete('gw-c');
  await eventually(async () => expect(await servedTo({ servername: '' })).toMatch(/UNRECOGNIZED_NAME$/));
});

test('a certificate is asked for, and an oldest version holds, only where the gateway has it so', async () => {
  const tls12 = { maxVersion: 'TLSv1.2' } as const;
  expect(await servedTo({ servername: 'a.example.com', ...tls12 })).toBe('a.example.com');
  expect(await servedTo({ servername: 'b.example.com', ...tls12, ...device() })).toMatch(/PROTOCOL_VERSION$/);
  const socket = await shakeHands({ servername: 'b.example.com' });
  if (typeof socket === 'string') throw new Error(socket);
  const [error] = await once(socket, 'error');
  expect(error.code).toMatch(/CERTIFICATE_REQUIRED$/);
});

test('a device belongs to the gateway that it named', async () => {
  const address = { ...house.address(first), ca: root.certificatePem };
  const pump = await connectDevice(address, 'pump-9', { servername: 'b.example.com', ...device() } as object);
  const ofPump = house.bus.admissions.filter(({ username }) => username === 'pump-9');
  expect(ofPump.map(({ gatewayId }) => gatewayId)).toEqual(['gw-b']);
  await pump.endAsync();
});

test('a session of one gateway is not resumed on another of the same port', async () => {
  const socket = await shakeHands({ servername: 'a.example.com', maxVersion: 'TLSv1.2' });
  if (typeof socket === 'string') throw new Error(socket);
  const session = socket.getSession();
  socket.destroy();
  const again = await shakeHands({ servername: 'a.example.com', maxVersion: 'TLSv1.2', session });
  expect(typeof again === 'string' ? again : again.isSessionReused()).toBe(true);
  const open = await house.newGateway('gw-d', { ...named('d.example.com'), port: first.port });
  house.bus.put(open);
  await eventually(() => house.stored.expectListening(open));
  const other = await shakeHands({ servername: 'd.example.com', maxVersion: 'TLSv1.2', session });
  expect(typeof other === 'string' ? other : other.isSessionReused()).toBe(false);
  for (const each of [again, other]) if (typeof each !== 'string') each.destroy();
  house.bus.delete('gw-d');
});

test('a gateway that is added, re-keyed or deleted touches no connection of the others', async () => {
  const address = { ...house.address(first), ca: root.certificatePem };
  const pump = await connectDevice(address, 'pump-2', { servername: 'a.example.com' });
  const extra = await house.newGateway('gw-e', { ...named('e.example.com'), port: first.port });
  house.bus.put(extra);
  await eventually(() => house.stored.expectListening(extra));
  const rekeyed = { ...extra, ...named('e.example.com'), version: 2 };
  house.bus.put(rekeyed);
  await eventually(() => house.stored.expectListening(rekeyed));
  house.bus.delete('gw-e');
  await eventually(async () =>
    expect(await servedTo({ servername: 'e.example.com' })).toMatch(/UNRECOGNIZED/),
  );
  expect(pump.connected).toBe(true);
  await pump.publishAsync('up', 'still here', { qos: 1 });
  await pump.endAsync();
});

test('a second gateway of the same host name is refused until the first is gone', async () => {
  const original = await house.newGateway('gw-f', { ...named('f.example.com'), port: first.port });
  house.bus.put(original);
  await eventually(() => house.stored.expectListening(original));
  const twin = await house.newGateway('gw-g', { ...named('f.example.com'), port: first.port });
  house.bus.put(twin);
  await eventually(async () => {
    const [entry] = (await house.stored.edges()).values();
    expect(entry?.listeners.find(({ gatewayId }) => gatewayId === 'gw-g')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('gateway gw-f listens there with the host name f.example.com'),
    });
  });
  house.bus.delete('gw-f');
  await eventually(() => house.stored.expectListening(twin));
  expect(await servedTo({ servername: 'f.example.com' })).toBe('f.example.com');
});

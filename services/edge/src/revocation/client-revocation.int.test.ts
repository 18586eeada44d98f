import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { ConnectionAttempt, GatewayListener } from '@gatehouse/contracts';
import { TestAuthority } from '@gatehouse/pki';
import { eventually } from '@gatehouse/testing';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectDevice, disconnected, EdgeHouse, untilRead } from '../testing/edge-under-test.ts';
import { LinesLogged } from '../testing/lines-logged.ts';
import { good, revoked, unknown } from '../testing/ocsp-double.ts';
import { connectPacket } from '../testing/raw-client.ts';

const HOSTS = ['127.0.0.1', '127.0.0.2'] as const;
const root = TestAuthority.createRoot({ commonName: 'device root' });
const intermediate = root.createIntermediate();
const log = new LinesLogged('debug');
let house: EdgeHouse;
let next = 0;

beforeAll(async () => {
  house = await EdgeHouse.open();
  for (const EDGE_HOST of HOSTS) await house.startEdge({ EDGE_HOST }, log.logger);
});

beforeEach(() => {
  house.ocsp.status = () => good(60);
  house.ocsp.start();
});

afterAll(() => house[Symbol.asyncDispose]());

async function served(settings: Partial<GatewayListener> = {}): Promise<GatewayListener> {
  const gateway = await house.newGateway(`gw-${(next += 1)}`, {
    deviceRootCertificate: root.certificatePem,
    ocsp: 'client',
    revocation: { scope: 'leaf', onUnknown: 'allow', responderUrl: null },
    ...settings,
  });
  return change(gateway);
}

async function change(gateway: GatewayListener): Promise<GatewayListener> {
  house.bus.put(gateway);
  await eventually(() => house.stored.expectListening(gateway, 2));
  return gateway;
}

/** The questions about devices of a gateway: those of sessions that other tests left behind are none of its. */
const askedOf = ({ gatewayId }: GatewayListener) =>
  house.ocsp.statusRequests.filter((each) => each.gatewayId === gatewayId);

/** From here on nobody answers the edges, and they are told so. */
async function stopOcsp(): Promise<void> {
  house.ocsp.stop();
  await house.nats.flush();
}

interface DeviceFiles {
  readonly cert: string;
  readonly key: string;
}

/** A device that sends its intermediate. */
function newDevice(commonName: string, authority = intermediate): DeviceFiles {
  const issued = authority.issueClient({ commonName });
  return { cert: authority.chainPem(issued), key: issued.privateKeyPem };
}

const connected = (
  gateway: GatewayListener,
  name: string,
  {
    files = newDevice(name),
    host = '127.0.0.1',
    version = 5,
  }: { files?: DeviceFiles; host?: string; version?: 4 | 5 } = {},
): Promise<MqttClient> =>
  connectDevice(house.address(gateway, host), name, { ...files, protocolVersion: version });

const stepsOf = async (username: string): Promise<ConnectionAttempt> =>
  (await eventually(async () => {
    const found = (await house.stored.attempts()).findLast((each) => each.username === username);
    expect(found).toBeDefined();
    return found;
  })) as ConnectionAttempt;

test('ocsp is asked with the whole verified chain before auth, once, and the verdict is kept', async () => {
  const gateway = await served();
  const files = newDevice('pump-1');
  const first = await connected(gateway, 'pump-1', { files });
  await first.endAsync();
  const second = await connected(gateway, 'pump-1', { files });
  await second.endAsync();

  expect(askedOf(gateway)).toHaveLength(1);
  const [request] = askedOf(gateway);
  expect(request).toMatchObject({ gatewayId: gateway.gatewayId, scope: 'leaf' });
  expect(request?.chain.map((pem) => new X509Certificate(pem).subject)).toEqual([
    'CN=pump-1',
    'CN=Test intermediate',
    'CN=device root',
  ]);
  const attempt = await eventually(async () => {
    const found = (await house.stored.attempts()).filter(
      ({ steps, username }) => username === 'pump-1' && steps.length > 0,
    );
    expect(found).toHaveLength(2);
    return found;
  });
  const steps = attempt.map((each) => each.steps.find(({ name }) => name === 'certificate-status'));
  expect(steps).toMatchObject([
    { outcome: 'good', detail: 'by ocsp' },
    { outcome: 'good', detail: 'by ocsp; asked before' },
  ]);
});

test.each([
  [5, 0x87],
  [4, 5],
] as const)(
  'a revoked device is refused in MQTT %i with %i, and auth is not asked',
  async (version, code) => {
    const gateway = await served();
    house.ocsp.status = () => revoked(60);
    await expect(connected(gateway, `pump-r${version}`, { version })).rejects.toMatchObject({ code });
    expect(house.bus.admissions.filter(({ gatewayId }) => gatewayId === gateway.gatewayId)).toEqual([]);
    expect(await stepsOf(`pump-r${version}`)).toMatchObject({
      outcome: 'refused',
      code: 'EDGE_DEVICE_REFUSED',
      reason: 'certificate-revoked',
      connackCode: code,
      steps: expect.arrayContaining([
        expect.objectContaining({
          name: 'certificate-status',
          outcome: 'revoked',
          detail: expect.stringContaining('(keyCompromise)'),
        }),
      ]),
    });
  },
);

test.each([
  ['allow', 'unknown'],
  ['allow', 'nobody'],
] as const)('with onUnknown %s a device comes in when the answer is %s', async (onUnknown, answer) => {
  const gateway = await served({ revocation: { scope: 'leaf', onUnknown, responderUrl: null } });
  house.ocsp.status = () => unknown(60);
  if (answer === 'nobody') await stopOcsp();
  const device = await connected(gateway, `pump-${answer}`);
  await device.endAsync();
});

test.each(['unknown', 'nobody'] as const)(
  'with onUnknown refuse a device is told to try later when the answer is %s',
  async (answer) => {
    const gateway = await served({ revocation: { scope: 'chain', onUnknown: 'refuse', responderUrl: null } });
    house.ocsp.status = () => unknown(60);
    if (answer === 'nobody') await stopOcsp();
    await expect(connected(gateway, `pump-x-${answer}`)).rejects.toMatchObject({ code: 0x88 });
    expect(await stepsOf(`pump-x-${answer}`)).toMatchObject({ reason: 'certificate-status-unknown' });
  },
);

test('devices that are revoked while they are connected are off when their verdict ends, on both edges', async () => {
  const gateway = await served();
  const verdictSeconds = 4;
  house.ocsp.status = () => good(verdictSeconds);
  const stays = await connected(gateway, 'pump-stays', { host: '127.0.0.2' });
  const [one, two, old] = [
    await connected(gateway, 'pump-one'),
    await connected(gateway, 'pump-two', { host: '127.0.0.2' }),
    await connected(gateway, 'pump-old', { version: 4 }),
  ];
  const told = [disconnected(one), disconnected(two)];
  const closed = new Promise((resolve) => {
    old.once('close', () => resolve(undefined));
  });
  const started = performance.now();
  house.ocsp.status = ({ chain: [leaf = ''] }) =>
    new X509Certificate(leaf).subject === 'CN=pump-stays' ? good(verdictSeconds) : revoked(60);

  const expected = {
    reasonCode: 0x87,
    reasonString: 'the client certificate, or one above it, was revoked; the device needs a new one',
  };
  expect(await Promise.all(told)).toEqual([expected, expected]);
  await closed;
  // Before a second verdict would have ended.
  expect(performance.now() - started).toBeLessThan(2 * verdictSeconds * 1_000);
  expect(stays.connected).toBe(true);
  await eventually(async () => {
    const closes = (await house.stored.attempts()).filter(
      ({ gatewayId, closed: end }) =>
        gatewayId === gateway.gatewayId && end?.code === 'EDGE_CERTIFICATE_REVOKED',
    );
    expect(
      closes.map(({ username }) => username).toSorted((a, b) => String(a).localeCompare(String(b))),
    ).toEqual(['pump-old', 'pump-one', 'pump-two']);
  });
  await stays.endAsync();
});

test('while ocsp is away nobody is disconnected; when the status becomes unknown, the gateway decides', async () => {
  const gateway = await served({ revocation: { scope: 'leaf', onUnknown: 'refuse', responderUrl: null } });
  house.ocsp.status = () => good(1);
  const device = await connected(gateway, 'pump-away');
  const told = disconnected(device);
  await stopOcsp();
  const asked = askedOf(gateway).length;
  await eventually(() => {
    expect(log.of('ocsp could not be asked about client certificates')).toContainEqual(
      expect.objectContaining({ gatewayId: gateway.gatewayId }),
    );
  });
  await untilRead(device);
  expect(device.connected).toBe(true);
  house.ocsp.status = () => unknown(60);
  house.ocsp.start();
  expect(await told).toMatchObject({ reasonCode: 0x87 });
  expect(askedOf(gateway).length).toBeGreaterThan(asked);
});

test('a gateway that begins to check certificates checks those of live sessions', async () => {
  const gateway = await served({ ocsp: 'disabled' });
  const device = await connected(gateway, 'pump-later');
  const told = disconnected(device);
  expect(askedOf(gateway)).toEqual([]);
  house.ocsp.status = () => revoked(60);
  await change({ ...gateway, ocsp: 'client', version: 2 });
  expect(await told).toMatchObject({ reasonCode: 0x87 });
});

/** Connects by TLS and MQTT, and gives the session and what the edge answered. */
async function shakeHands(
  gateway: GatewayListener,
  name: string,
  options: { host: string; files: DeviceFiles; session?: Buffer | undefined },
): Promise<{ session: Buffer | undefined; isResumed: boolean; connackCode: number | undefined }> {
  const { host, files, session } = options;
  const socket: TLSSocket = connectTls({
    ...house.address(gateway, host),
    ...files,
    maxVersion: 'TLSv1.2',
    // Node keeps sessions apart by name.
    servername: 'mqtt.example.com',
    checkServerIdentity: () => undefined,
    ...(session === undefined ? {} : { session }),
  });
  await once(socket, 'secureConnect');
  socket.write(connectPacket(4, name));
  const [connack] = (await once(socket, 'data')) as [Buffer];
  const answer = {
    session: socket.getSession(),
    isResumed: socket.isSessionReused(),
    connackCode: connack[3],
  };
  socket.destroy();
  return answer;
}

test('a resumed session is asked about like any other, with the intermediates that others have shown', async () => {
  const gateway = await served();
  const files = newDevice('pump-again');
  const first = await shakeHands(gateway, 'pump-again', { host: HOSTS[0], files });
  // Somebody else shows the intermediate to the other edge.
  await (await connected(gateway, 'pump-guide', { host: HOSTS[1] })).endAsync();
  house.ocsp.status = () => revoked(60);
  const again = await shakeHands(gateway, 'pump-again', { host: HOSTS[1], files, session: first.session });
  expect(again).toMatchObject({ isResumed: true, connackCode: 5 });
  expect(askedOf(gateway).at(-1)?.chain).toHaveLength(3);
});

test('where nobody has shown the intermediate yet, the next handshake is a full one', async () => {
  const gateway = await served({ revocation: { scope: 'leaf', onUnknown: 'refuse', responderUrl: null } });
  const files = newDevice('pump-lost');
  const first = await shakeHands(gateway, 'pump-lost', { host: HOSTS[0], files });
  const { session } = first;
  expect(first.connackCode).toBe(0);
  const lost = await shakeHands(gateway, 'pump-lost', { host: HOSTS[1], files, session });
  expect(lost).toMatchObject({ isResumed: true, connackCode: 3 });
  await eventually(
    async () => {
      const found = await shakeHands(gateway, 'pump-lost', { host: HOSTS[1], files, session });
      expect(found).toMatchObject({ isResumed: false, connackCode: 0 });
    },
    30_000,
    500,
  );
});

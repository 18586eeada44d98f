import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import { eventually, quickest } from '@gatehouse/testing';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connackOf } from '../connack-of.ts';
import { attemptOf } from '../connection-attempts.ts';
import {
  RIGHT_PASSWORD,
  startCustomerAuthenticator,
  type CustomerAuthenticator,
} from '../customer-authenticator.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { TestGateways, type TestGateway } from '../test-gateways.ts';

const PASSWORD = 'password-1';
const SOON_MS = 1_000;
/** The kernel gives a connection to either edge: of so many both have some. */
const DEVICES = 10;

let gatehouse: RunningGatehouse;
let gateways: TestGateways;
let authenticator: CustomerAuthenticator;
let roots: readonly [CertificateAuthority, CertificateAuthority];
let plain: TestGateway;

beforeAll(async () => {
  authenticator = await startCustomerAuthenticator();
  const environment = { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' };
  gatehouse = await RunningGatehouse.start({ edges: 2, environment });
  gateways = await TestGateways.of(gatehouse);
  roots = [await createCertificateAuthority('first'), await createCertificateAuthority('second')];
  plain = await gateways.open('plain');
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
  await authenticator[Symbol.asyncDispose]();
});
beforeEach(() => {
  authenticator.requests.length = 0;
});

interface Connected {
  readonly name: string;
  readonly client: MqttClient;
  /** Of DISCONNECT; the promise is pending while the session lasts. */
  readonly ended: Promise<{ reasonCode: number | undefined; reasonString: string | undefined }>;
}

async function connect(gateway: TestGateway, name: string, more: IClientOptions = {}): Promise<Connected> {
  const { host, port, ca } = gateway.address;
  const client = await connectAsync(`mqtts://${host}:${port}`, {
    ca,
    username: name,
    password: PASSWORD,
    clientId: `client of ${name}`,
    protocolVersion: 5,
    reconnectPeriod: 0,
    ...more,
  });
  client.on('error', () => undefined);
  const ended = new Promise<Awaited<Connected['ended']>>((resolve) => {
    client.once('disconnect', ({ reasonCode, properties }) =>
      resolve({ reasonCode, reasonString: properties?.reasonString }),
    );
  });
  return { name, client, ended };
}

/** Devices of the gateway, on both edges. */
function connectMany(
  gateway: TestGateway,
  prefix: string,
  more: (name: string) => Promise<IClientOptions> = async () => ({}),
): Promise<Connected[]> {
  const names = Array.from({ length: DEVICES }, (_, index) => `${prefix}-${index}`);
  let round = 0;
  return eventually(async () => {
    round += 1;
    const connected = await Promise.all(
      names.map(async (name) =>
        connect(gateway, name, { clientId: `${name} in round ${round}`, ...(await more(name)) }),
      ),
    );
    const attempts = await Promise.all(
      connected.map(({ client }) => attemptOf(gatehouse, { clientId: String(client.options.clientId) })),
    );
    if (new Set(attempts.map(({ edgeId }) => edgeId)).size === 2) return connected;
    await Promise.all(connected.map(({ client }) => client.endAsync()));
    throw new Error('all devices have come to one edge');
  }, 60_000);
}

async function importAll(gateway: TestGateway, prefix: string): Promise<string> {
  const path = `/products/${gateway.productKey}/devices`;
  const devices = Array.from({ length: DEVICES }, (_, index) => ({
    username: `${prefix}-${index}`,
    password: PASSWORD,
  }));
  expect((await gatehouse.api('POST', `${path}:import`, { devices })).status).toBeLessThan(300);
  return path;
}

/** Carries out `edit` and awaits that everybody is told. @returns how many milliseconds later they were */
async function told(
  devices: readonly Connected[],
  edit: () => Promise<unknown>,
  reasonString: RegExp,
): Promise<number> {
  await edit();
  const editedAt = performance.now();
  const ends = await Promise.all(devices.map(({ ended }) => ended));
  const milliseconds = performance.now() - editedAt;
  for (const each of ends) {
    expect(each).toEqual({ reasonCode: 0x98, reasonString: expect.stringMatching(reasonString) });
  }
  return milliseconds;
}

/** What a device shows. */
const certificateOf = async (authority: CertificateAuthority, commonName: string) => {
  const issued = await authority.issueClientCertificate({ commonName });
  return { cert: issued.certificatePem, key: issued.privateKeyPem };
};

const rightPassword = async (): Promise<IClientOptions> => ({ password: RIGHT_PASSWORD });

test.each([
  ['a new password', 'PUT', '/credentials', { password: 'password-2' }, /new password/, 0x87],
  ['being disabled', 'POST', ':disable', undefined, /disabled/, 0x8a],
  ['being deleted', 'DELETE', '', undefined, /deleted/, 0x87],
] as const)('%s ends live sessions on both edges', async (...row) => {
  const [what, method, suffix, body, reason, code] = row;
  const prefix = what.replaceAll(' ', '-');
  const toldAfterMs = await quickest(SOON_MS, async (round) => {
    const path = await importAll(plain, `${prefix}-${round}`);
    const devices = await connectMany(plain, `${prefix}-${round}`);
    const edit = () =>
      Promise.all(
        devices.map(async ({ name }) => {
          const answer = await gatehouse.api(method, `${path}/${name}${suffix}`, body);
          expect(answer.status).toBeLessThan(300);
        }),
      );
    return told(devices, edit, reason);
  });
  expect(toldAfterMs).toBeLessThan(SOON_MS);
  // Auth and the edges hear of it side by side, not one after the other.
  await eventually(async () => {
    const username = `${prefix}-1-0`;
    const packet = { protocolVersion: 5, username, password: Buffer.from(PASSWORD) } as const;
    expect(await connackOf(plain.address, packet)).toMatchObject({ code });
  });
});

test('another URL of the authenticator ends the sessions that the former one admitted', async () => {
  const asking = await gateways.open('asking', { authentication: authenticator.target() });
  let path = '';
  const toldAfterMs = await quickest(SOON_MS, async (round) => {
    const devices = await connectMany(asking, `asked-${round}`, rightPassword);
    path = `/another-${round}`;
    const url = `${authenticator.origin}${path}`;
    const edit = () => gatehouse.api('PATCH', asking.path, { authentication: { url } });
    const milliseconds = await told(devices, edit, /connect again/);
    await gateways.untilListening(asking);
    return milliseconds;
  });
  expect(toldAfterMs).toBeLessThan(SOON_MS);

  authenticator.requests.length = 0;
  const again = await connect(asking, 'asked-1-0', { password: RIGHT_PASSWORD });
  expect(authenticator.requests.map((request) => request.path)).toEqual([path]);
  // What does not decide who comes in ends nothing.
  await gatehouse.api('PATCH', asking.path, { name: 'renamed' });
  await gateways.untilListening(asking);
  await again.client.publishAsync('up/still-here', 'yes', { qos: 1 });
  await again.client.endAsync();
});

test('another device root ends the sessions of the former one, and lets its certificates in no more', async () => {
  let [first, second] = roots;
  const mutual = await gateways.open('mutual', {
    x509: { enabled: true },
    certificates: { deviceRootCertificate: second.certificatePem },
  });
  const toldAfterMs = await quickest(SOON_MS, async (round) => {
    [first, second] = [second, first];
    const prefix = `with-certificate-${round}`;
    await importAll(mutual, prefix);
    const devices = await connectMany(mutual, prefix, (name) => certificateOf(first, name));
    const certificates = { deviceRootCertificate: second.certificatePem };
    const edit = () => gatehouse.api('PATCH', mutual.path, { certificates });
    const milliseconds = await told(devices, edit, /connect again/);
    await gateways.untilListening(mutual);
    return milliseconds;
  });
  expect(toldAfterMs).toBeLessThan(SOON_MS);
  const name = 'with-certificate-1-0';
  const former = { ...mutual.address, ...(await certificateOf(first, name)) };
  expect(await connackOf(former, { protocolVersion: 5, username: name })).not.toHaveProperty('code');
  const again = await connect(mutual, name, await certificateOf(second, name));
  await again.client.endAsync();
});

test('new permissions end a subscription and refuse messages, and the session goes on', async () => {
  const ruled = await gateways.open('ruled');
  const path = await importAll(ruled, 'ruled');
  const devices = await connectMany(ruled, 'ruled');
  await Promise.all(
    devices.map(async ({ name, client }) => {
      await client.subscribeAsync(['secret/#', `down/${name}`], { qos: 1 });
      await client.publishAsync('up/free', 'x', { qos: 1 });
    }),
  );
  const outcomeOf = async (name: string, topic: string): Promise<unknown> => {
    const message = { topic, payload: Buffer.from('x').toString('base64'), qos: 1 };
    return (await gatehouse.api('POST', `${path}/${name}/messages`, message)).body['outcome'];
  };
  for (const { name } of devices) expect(await outcomeOf(name, 'secret/a')).toBe('delivered');

  const rules = [
    { topic: 'down/${deviceName}', action: 'subscribe', effect: 'allow' },
    { topic: 'up/${deviceName}', action: 'publish', effect: 'allow' },
  ];
  const changedAfterMs = await quickest(SOON_MS, async (round) => {
    // Each time something else than before.
    const more = { topic: `round/${round}`, action: 'publish', effect: 'allow' };
    const changedAt = performance.now();
    const answer = await gatehouse.api('PUT', `${ruled.path}/permissions`, [...rules, more]);
    expect(answer).toMatchObject({ status: 200 });
    await gateways.untilListening(ruled);
    return performance.now() - changedAt;
  });
  expect(changedAfterMs).toBeLessThan(SOON_MS);
  await Promise.all(
    devices.map(async ({ name, client }) => {
      await expect(client.publishAsync('up/free', 'x', { qos: 1 })).rejects.toMatchObject({ code: 0x87 });
      await client.publishAsync(`up/${name}`, 'x', { qos: 1 });
      await expect(client.subscribeAsync('secret/b', { qos: 1 })).rejects.toThrow(
        /not authori[sz]ed|0x87|135/i,
      );
      expect(await outcomeOf(name, 'secret/a')).toBe('not-subscribed');
      expect(await outcomeOf(name, `down/${name}`)).toBe('delivered');
      await client.endAsync();
    }),
  );
});

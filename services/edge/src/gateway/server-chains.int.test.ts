import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { opensslProgram } from '@gatehouse/local-servers';
import { certificateStaple, type GatewayListener } from '@gatehouse/contracts';
import { TestAuthority, type TestCertificate } from '@gatehouse/pki';
import { eventually } from '@gatehouse/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { EdgeHouse } from '../testing/edge-under-test.ts';
import { LinesLogged } from '../testing/lines-logged.ts';
import { inSeconds, staplesOf } from '../testing/ocsp-double.ts';

const run = promisify(execFile);
const root = TestAuthority.createRoot();
const log = new LinesLogged();
let house: EdgeHouse;
let directory: string;
let next = 0;

beforeAll(async () => {
  house = await EdgeHouse.open();
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-staples-'));
  await writeFile(join(directory, 'root.pem'), root.certificatePem);
  await house.startEdge({}, log.logger);
});

beforeEach(() => {
  house.ocsp.staple = staplesOf(root, 60);
  house.ocsp.stapleRequests.length = 0;
});

afterAll(async () => {
  await house[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const chain = ({ certificatePem, privateKeyPem }: TestCertificate): Partial<GatewayListener> => ({
  serverCertificate: certificatePem,
  serverPrivateKey: privateKeyPem,
});
const secondChain = ({ certificatePem, privateKeyPem }: TestCertificate): Partial<GatewayListener> => ({
  alternativeServerCertificate: certificatePem,
  alternativeServerPrivateKey: privateKeyPem,
});
const STAPLING = { ocsp: 'server', trustedCertificate: root.certificatePem } as const;

async function served(settings: Partial<GatewayListener>): Promise<GatewayListener> {
  const gateway = await house.newGateway(`gw-${(next += 1)}`, settings);
  return change(gateway);
}

async function change(gateway: GatewayListener): Promise<GatewayListener> {
  house.bus.put(gateway);
  await eventually(() => house.stored.expectListening(gateway));
  return gateway;
}

/** What a client is shown: the name of the certificate, and the staple if one came. */
async function shown(
  gateway: GatewayListener,
  options: ConnectionOptions = {},
): Promise<{ name: string; staple: Buffer | null }> {
  const socket = connectTls({
    host: '127.0.0.1',
    port: gateway.port,
    ca: root.certificatePem,
    requestOCSP: true,
    checkServerIdentity: () => undefined,
    ...options,
  });
  return new Promise((resolve, reject) => {
    let staple: Buffer | null = null;
    socket.on('OCSPResponse', (response: Buffer) => {
      staple = response;
    });
    socket.once('secureConnect', () => {
      resolve({ name: String(socket.getPeerCertificate().subject.CN), staple });
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

/** The whole answer of `openssl s_client -status`. */
async function sClient(gateway: GatewayListener, ...args: string[]): Promise<string> {
  const address = ['-connect', `127.0.0.1:${gateway.port}`, '-CAfile', join(directory, 'root.pem')];
  const { command, environment: env } = await opensslProgram();
  const client = spawn(command, ['s_client', ...address, '-status', '-verify_return_error', ...args], {
    env,
  });
  let output = '';
  client.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    if (/^(?:New|Reused), TLS/m.test(output)) client.stdin.end();
  });
  await new Promise((resolve) => {
    client.on('close', resolve);
  });
  return output;
}

const RSA_ONLY = [
  { sigalgs: 'rsa_pss_rsae_sha256' },
  { sigalgs: 'rsa_pkcs1_sha256:rsa_pss_rsae_sha256', maxVersion: 'TLSv1.2' },
  { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' },
] as const;
const ECDSA_ONLY = [
  { sigalgs: 'ecdsa_secp256r1_sha256' },
  { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' },
] as const;

test('of two chains a client gets the first that it can verify, each with its own staple', async () => {
  const ecdsa = root.issueServer({ commonName: 'ecdsa' });
  const rsa = root.issueServer({ commonName: 'rsa', keyType: 'rsa-2048' });
  const gateway = await served({ ...chain(ecdsa), ...secondChain(rsa), ...STAPLING });
  await writeFile(join(directory, 'ecdsa.pem'), ecdsa.certificatePem);
  await writeFile(join(directory, 'rsa.pem'), rsa.certificatePem);
  for (const [name, clients] of [
    ['ecdsa', [{}, { maxVersion: 'TLSv1.2' }, ...ECDSA_ONLY]],
    ['rsa', RSA_ONLY],
  ] as const) {
    for (const client of clients) {
      const { name: seen, staple } = await shown(gateway, client);
      expect(seen).toBe(name);
      await writeFile(join(directory, 'staple.der'), staple ?? '');
      const { command, environment: env } = await opensslProgram();
      const { stdout, stderr } = await run(
        command,
        [
          'ocsp',
          '-respin',
          'staple.der',
          '-issuer',
          'root.pem',
          '-cert',
          `${name}.pem`,
          '-CAfile',
          'root.pem',
        ],
        { env, cwd: directory },
      );
      expect(stderr).toContain('Response verify OK');
      expect(stdout).toContain(`${name}.pem: good`);
    }
  }
});

test('openssl sees the staple, in TLS 1.2 and 1.3, and none once it has ended', async () => {
  house.ocsp.staple = (request) => {
    // Two runs of openssl on a busy machine must come before its end.
    const answer = staplesOf(root, 15)(request);
    return { ...answer, askAgainAt: inSeconds(3_600).toISOString() };
  };
  const gateway = await served({ ...chain(root.issueServer()), ...STAPLING });
  for (const version of ['-tls1_2', '-tls1_3']) {
    const output = await sClient(gateway, version);
    expect(output).toContain('OCSP Response Status: successful (0x0)');
    expect(output).toContain('Cert Status: good');
    expect(output).toContain('Verify return code: 0 (ok)');
  }
  await eventually(async () => expect((await shown(gateway)).staple).toBeNull(), 30_000, 250);
  const output = await sClient(gateway);
  expect(output).toContain('OCSP response: no response sent');
  expect(output).toContain('Verify return code: 0 (ok)');
});

test('a staple is asked for again when ocsp says so', async () => {
  house.ocsp.staple = (request) => ({
    ...staplesOf(root, 60)(request),
    askAgainAt: inSeconds(1).toISOString(),
  });
  const gateway = await served({ ...chain(root.issueServer()), ...STAPLING });
  const first = await shown(gateway);
  expect(first.staple).not.toBeNull();
  await eventually(async () => expect((await shown(gateway)).staple).not.toEqual(first.staple), 6_000, 250);
});

test('a new chain waits for its staple, but not for an ocsp that never answers', async () => {
  const gateway = await served({ ...chain(root.issueServer({ commonName: 'old' })), ...STAPLING });
  const changed = { ...gateway, ...chain(root.issueServer({ commonName: 'new' })), version: 2 };
  house.ocsp.staple = async (request) => {
    await delay(50);
    return staplesOf(root, 60)(request);
  };
  house.bus.put(changed);
  const seen = await eventually(async () => {
    const answer = await shown(changed);
    expect(answer.name).toBe('new');
    return answer;
  });
  expect((seen as { staple: Buffer | null }).staple).not.toBeNull();

  house.ocsp.staple = () => new Promise(() => undefined);
  const again = { ...changed, ...chain(root.issueServer({ commonName: 'newest' })), version: 3 };
  const startedAt = performance.now();
  house.bus.put(again);
  await eventually(async () => expect((await shown(again)).name).toBe('newest'));
  // Less than the question to ocsp may take.
  expect(performance.now() - startedAt).toBeLessThan(certificateStaple.timeoutMs);
  expect((await shown(again)).staple).toBeNull();
});

test('an edge says that it listens when it does, not while a staple is fetched', async () => {
  house.ocsp.staple = async (request) => {
    // Nearly as long as the edge waits: within this time it reports how it is, most of the time.
    await delay(600);
    return staplesOf(root, 60)(request);
  };
  let gateway = await served({ ...chain(root.issueServer({ commonName: 'v1' })), ...STAPLING });
  expect((await shown(gateway)).name).toBe('v1');
  for (const version of [2, 3, 4]) {
    const commonName = `v${version}`;
    gateway = await change({ ...gateway, ...chain(root.issueServer({ commonName })), version });
    expect((await shown(gateway)).name).toBe(commonName);
  }
});

test('without an answer of ocsp handshakes go on; of a certificate that promises a staple the log tells', async () => {
  house.ocsp.stop();
  const gateway = await served({ ...chain(root.issueServer({ mustStaple: true })), ...STAPLING });
  expect((await shown(gateway)).staple).toBeNull();
  const told = (message: string) =>
    log.of(message).filter(({ gatewayId }) => gatewayId === gateway.gatewayId);
  expect(told('no OCSP response to staple, and the certificate promises one')).toMatchObject([
    { level: 'error' },
  ]);
  house.ocsp.start();
  await eventually(async () => expect((await shown(gateway)).staple).not.toBeNull(), 8_000, 250);
  expect(told('there is an OCSP response to staple again')).toHaveLength(1);
});

test('a gateway that does not staple asks nobody', async () => {
  const gateway = await served({ ...chain(root.issueServer()), trustedCertificate: root.certificatePem });
  expect((await shown(gateway)).staple).toBeNull();
  expect(house.ocsp.stapleRequests).toEqual([]);
});

test.each(['p384', 'rsa-3072', 'ed25519'] as const)('a server key of type %s is served', async (keyType) => {
  const gateway = await served(chain(root.issueServer({ commonName: keyType, keyType })));
  expect((await shown(gateway)).name).toBe(keyType);
  expect((await shown(gateway, { maxVersion: 'TLSv1.2' })).name).toBe(keyType);
});

test.each([
  'AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA',
  'DHE-RSA-AES128-GCM-SHA256',
])('the cipher suite %s is not taken', async (ciphers) => {
  const gateway = await served(chain(root.issueServer()));
  await expect(shown(gateway, { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` })).rejects.toThrow(
    /handshake failure/,
  );
});

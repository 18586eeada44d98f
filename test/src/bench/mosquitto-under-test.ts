import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, mosquittoPrograms, startChildServer } from '@gatehouse/local-servers';
import { runWith } from '../run-with.ts';
import { createCertificateAuthority } from '@gatehouse/pki';
import type { BrokerUnderTest } from './broker-under-test.ts';
import { Fleet } from './fleet.ts';

export interface Mosquitto extends AsyncDisposable {
  readonly broker: BrokerUnderTest;
  /** Connects one client that receives everything, as Gatehouse's stream does. */
  subscribe(): Promise<AsyncDisposable>;
}

/**
 * mosquitto with TLS and a password file: the peer of every figure. Nothing is stored.
 *
 * @param deviceRoot PEM: clients have to show a certificate that chains to it
 */
export async function startMosquitto(clientCount: number, deviceRoot?: string): Promise<Mosquitto> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-mosquitto-'));
  const file = (name: string): string => join(directory, name);
  const authority = await createCertificateAuthority();
  const server = await authority.issueServerCertificate({
    commonName: 'localhost',
    ipAddresses: ['127.0.0.1'],
  });
  const port = await freePort();
  const clients = Array.from({ length: clientCount }, (_, index) => ({
    username: `device-${String(index).padStart(5, '0')}`,
    password: `password-${index}`,
    clientId: `device-${String(index).padStart(5, '0')}`,
  }));
  await writeFile(file('ca.pem'), deviceRoot ?? authority.certificatePem);
  await writeFile(file('server.pem'), server.certificatePem);
  await writeFile(file('server.key'), server.privateKeyPem);
  await writeFile(
    file('passwords'),
    clients.map(({ username, password }) => `${username}:${password}\n`).join(''),
  );
  await writeFile(
    file('mosquitto.conf'),
    [
      `listener ${port} 127.0.0.1`,
      `cafile ${file('ca.pem')}`,
      `certfile ${file('server.pem')}`,
      `keyfile ${file('server.key')}`,
      ...(deviceRoot === undefined ? [] : ['require_certificate true']),
      `password_file ${file('passwords')}`,
      'allow_anonymous false',
      'persistence false',
      'max_queued_messages 0',
      'max_inflight_messages 0',
      'log_type error',
      'log_type notice',
      'log_type information',
      'user root',
      '',
    ].join('\n'),
  );
  const programs = await mosquittoPrograms();
  await runWith(programs.environment, programs.passwd, ['-U', file('passwords')]);
  const child = await startChildServer({
    name: 'mosquitto',
    command: programs.broker,
    arguments: ['-c', file('mosquitto.conf')],
    spawn: { env: programs.environment },
    isReadyLine: (line) => line.includes('running'),
    readyTimeoutMs: 10_000,
    stopSignal: 'SIGTERM',
  });
  const address = { host: '127.0.0.1', port, ca: authority.certificatePem };
  return {
    broker: {
      name: 'mosquitto',
      ...address,
      clients,
      processes: async () => [{ name: 'mosquitto', pids: [child.pid] }],
    },
    async subscribe() {
      const fleet = new Fleet();
      const [first] = clients;
      if (first === undefined) throw new Error('there is no client to subscribe with');
      await fleet.ask('connect', {
        ...address,
        clients: [{ ...first, clientId: 'subscriber' }],
        concurrency: 1,
      });
      await fleet.ask('subscribe');
      return fleet;
    },
    async [Symbol.asyncDispose]() {
      await child.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

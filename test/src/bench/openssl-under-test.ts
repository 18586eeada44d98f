import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, opensslProgram, startChildServer } from '@gatehouse/local-servers';

export interface OpensslServerOptions {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** PEM: clients have to show a certificate that chains to it. */
  readonly deviceRoot?: string;
}

export interface OpensslServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** `openssl s_server`, which does one handshake after the other and nothing else: the least that one costs. */
export async function startOpensslServer(options: OpensslServerOptions): Promise<OpensslServer> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-openssl-'));
  const file = (name: string): string => join(directory, name);
  await writeFile(file('server.pem'), options.certificatePem);
  await writeFile(file('server.key'), options.privateKeyPem, { mode: 0o600 });
  const { deviceRoot } = options;
  if (deviceRoot !== undefined) await writeFile(file('root.pem'), deviceRoot);
  const port = await freePort();
  const { command, environment } = await opensslProgram();
  const child = await startChildServer({
    name: 'openssl s_server',
    command,
    arguments: [
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      '-tls1_3',
      '-rev',
      '-cert',
      file('server.pem'),
      '-key',
      file('server.key'),
      ...(deviceRoot === undefined
        ? []
        : ['-Verify', '4', '-verify_return_error', '-CAfile', file('root.pem')]),
    ],
    spawn: { env: environment },
    isReadyLine: (line) => line.startsWith('ACCEPT'),
    readyTimeoutMs: 10_000,
    stopSignal: 'SIGTERM',
  });
  return {
    port,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      await child.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

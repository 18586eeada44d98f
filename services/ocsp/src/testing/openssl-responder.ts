import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, opensslProgram, startChildServer, type ManagedProcess } from '@gatehouse/local-servers';
import type { TestAuthority, TestCertificate } from '@gatehouse/pki';

type Row = readonly [certificate: TestCertificate, state: 'valid' | 'revoked'];

/** `openssl ocsp` as the responder of an authority, with the certificates of its index.txt and no others. */
export async function startOpensslResponder(authority: TestAuthority) {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-ocsp-'));
  const listenOn = await freePort();
  const signer = authority.issueResponder();
  const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);
  await write('ca.pem', authority.certificatePem);
  await write('responder.pem', signer.certificatePem);
  await write('responder.key', signer.privateKeyPem);
  await write('index.txt', '');
  let program: ManagedProcess | undefined;
  return {
    url: `http://127.0.0.1:${listenOn}/`,
    /** openssl reads its index once: it is started anew. */
    async serve(rows: readonly Row[]): Promise<void> {
      await program?.stop();
      await write('index.txt', rows.map(indexLine).join(''));
      const files = [
        '-index',
        'index.txt',
        '-CA',
        'ca.pem',
        '-rsigner',
        'responder.pem',
        '-rkey',
        'responder.key',
      ];
      const { command, environment: env } = await opensslProgram();
      // It answers one at a time: who only tried whether it listens would keep it from the others.
      program = await startChildServer({
        name: 'openssl ocsp',
        command,
        arguments: ['ocsp', '-port', String(listenOn), '-nmin', '60', ...files],
        spawn: { cwd: directory, env },
        stopSignal: 'SIGTERM',
        isReadyLine: (line) => line.includes('waiting for OCSP client connections'),
        readyTimeoutMs: 10_000,
      });
    },
    async [Symbol.asyncDispose]() {
      await program?.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** CA(1), "index.txt": status, expiry, revocation, serial number, file, subject. */
function indexLine([{ certificate }, state]: Row): string {
  const revocation = state === 'revoked' ? '261101100000Z,keyCompromise' : '';
  const mark = state === 'revoked' ? 'R' : 'V';
  return `${mark}\t491231235959Z\t${revocation}\t${certificate.serialNumber}\tunknown\t/CN=${certificate.serialNumber}\n`;
}

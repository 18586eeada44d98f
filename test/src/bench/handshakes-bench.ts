import { TestAuthority, type TestCertificate } from '@gatehouse/pki';
import { ProgramProcess } from '../program-process.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { TestGateways } from '../test-gateways.ts';
import { figuresTable, type Cell } from './figures-table.ts';
import type { HandshakeLoad } from './handshake-load.ts';
import { startOpensslServer } from './openssl-under-test.ts';
import { cpuDuring } from './process-usage.ts';

const COLUMNS = [
  'TLS 1.3 handshake',
  'edge: a second and core',
  'CPU µs',
  's_server: a second and core',
  'CPU µs',
  'of s_server',
];
const HANDSHAKES = 1_000;
const WARM_UP = 300;
const CONCURRENCY = 4;
const KEY_TYPES = [
  { name: 'ECDSA P-256', keyType: 'p256' },
  { name: 'RSA-2048', keyType: 'rsa-2048' },
] as const;

interface Server {
  readonly port: number;
  readonly pids: readonly number[];
}

/** What one handshake takes of the edge, and of `openssl s_server` with the same certificates and clients. */
export async function benchHandshakes(write: (text: string) => void): Promise<void> {
  await using gatehouse = await RunningGatehouse.start();
  const gateways = await TestGateways.of(gatehouse);
  await using clients = new HandshakeClients();
  write('\n## A handshake\n');
  const rows: Cell[][] = [];
  for (const { name, keyType } of KEY_TYPES) {
    const authority = TestAuthority.createRoot({ keyType });
    const server = authority.issueServer({ commonName: 'localhost', keyType });
    for (const device of [undefined, authority.issueClient({ keyType })]) {
      const isMutual = device !== undefined;
      const gateway = await gateways.open(`${keyType}_${isMutual ? 'mutual' : 'one_way'}`.replace('-', '_'), {
        ocsp: 'disabled',
        x509: { enabled: isMutual },
        certificates: {
          serverCertificate: server.certificatePem,
          serverPrivateKey: server.privateKeyPem,
          ...(isMutual ? { deviceRootCertificate: authority.certificatePem } : {}),
        },
      });
      await using openssl = await startOpensslServer({
        ...server,
        ...(isMutual ? { deviceRoot: authority.certificatePem } : {}),
      });
      const edge: Server = { port: gateway.port, pids: await gatehouse.pidsOf('edge') };
      const peer: Server = { port: openssl.port, pids: [openssl.pid] };
      for (const isResuming of [false, true]) {
        const run = { ca: authority.certificatePem, certificate: device, isResuming };
        const [ours, theirs] = [await clients.measure(edge, run), await clients.measure(peer, run)];
        const what = `${name}, ${isMutual ? 'mutual' : 'one-way'}, ${isResuming ? 'resumed' : 'full'}`;
        rows.push([what, 1e6 / ours, ours, 1e6 / theirs, theirs, (ours / theirs).toFixed(1)]);
      }
    }
  }
  write(figuresTable(COLUMNS, rows));
}

interface Clients {
  readonly ca: string;
  readonly certificate: TestCertificate | undefined;
  readonly isResuming: boolean;
}

class HandshakeClients implements AsyncDisposable {
  readonly #process = new ProgramProcess<HandshakeLoad>('bench/handshake-load.js');

  /** Microseconds of the server's CPU for one handshake. */
  async measure({ port, pids }: Server, { ca, certificate, isResuming }: Clients): Promise<number> {
    const run = {
      host: '127.0.0.1',
      port,
      ca,
      ...(certificate === undefined ? {} : { certificate: pemOf(certificate) }),
      concurrency: CONCURRENCY,
      isResuming,
    };
    await this.#process.ask('run', { ...run, count: WARM_UP });
    let resumed = 0;
    const usage = await cpuDuring([{ name: 'server', pids }], async () => {
      resumed = await this.#process.ask('run', { ...run, count: HANDSHAKES });
    });
    const expected = isResuming ? HANDSHAKES - CONCURRENCY : 0;
    if (resumed !== expected)
      throw new Error(`${resumed} of ${HANDSHAKES} handshakes were resumed, not ${expected}`);
    return (usage.get('server') ?? 0) / HANDSHAKES;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}

const pemOf = ({ certificatePem, privateKeyPem }: TestCertificate) => ({ certificatePem, privateKeyPem });

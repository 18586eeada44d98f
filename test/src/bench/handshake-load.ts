/**
 * TLS 1.3 clients in a process of their own that shake hands and go, some at any one time.
 */
import { once } from 'node:events';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { answerParent } from '../program-process.ts';
import { KEY_EXCHANGE } from './key-exchange.ts';

export interface HandshakeRun {
  readonly host: string;
  readonly port: number;
  /** PEM: what the server's chain leads to. */
  readonly ca: string;
  /** Shown to the server. */
  readonly certificate?: { readonly certificatePem: string; readonly privateKeyPem: string };
  readonly count: number;
  readonly concurrency: number;
  /** Every handshake but the first ones, with the ticket of the one before. */
  readonly isResuming: boolean;
}

const TIMEOUT_MS = 10_000;

/** @returns how many handshakes resumed a session */
async function run(options: HandshakeRun): Promise<number> {
  const { host, port, ca, certificate, isResuming } = options;
  const secureContext = createSecureContext({
    ca,
    ecdhCurve: KEY_EXCHANGE,
    minVersion: 'TLSv1.3',
    ...(certificate === undefined
      ? {}
      : { cert: certificate.certificatePem, key: certificate.privateKeyPem }),
  });
  let left = options.count;
  let resumed = 0;
  const work = async (): Promise<void> => {
    let ticket: Buffer | undefined;
    while (left > 0) {
      left -= 1;
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const socket = connectTls({
        host,
        port,
        secureContext,
        servername: 'localhost',
        ...(ticket === undefined ? {} : { session: ticket }),
      });
      const issued = once(socket, 'session', { signal }).then(
        ([session]) => session as Buffer,
        () => undefined,
      );
      await once(socket, 'secureConnect', { signal });
      if (socket.isSessionReused()) resumed += 1;
      else {
        // It comes when the server has seen the client's part, which it may still refuse. With a resumed session
        // not every server sends a new one.
        const session = await issued;
        if (session === undefined) throw new Error('there came no session ticket');
        if (isResuming) ticket = session;
      }
      socket.on('error', () => undefined);
      socket.end();
      socket.resume();
      await once(socket, 'close', { signal });
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, work));
  return resumed;
}

const program = { run };
export type HandshakeLoad = typeof program;
answerParent(program);

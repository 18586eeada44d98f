/**
 * Clients in a process of their own that connect at a fixed rate, whether those before are through or not, each
 * by a full TLS handshake.
 */
import { connect as connectTls, createSecureContext } from 'node:tls';
import { connackCode, connectPacket, DISCONNECT } from './connect-packet.ts';
import type { ImportedDevice } from './imported-devices.ts';
import { answerParent } from './program-process.ts';

export interface ConnectLoadOptions {
  readonly host: string;
  readonly port: number;
  readonly perSecond: number;
  /** They take turns to CONNECT and DISCONNECT; with none of them, clients shake hands and go. */
  readonly devices: readonly ImportedDevice[];
}

export interface ConnectSample {
  /** Milliseconds since 1970, with fractions. */
  readonly startedAt: number;
  /** To the end of the handshake, or to CONNACK. */
  readonly milliseconds: number;
  /** SHA-256 of the certificate that was served; undefined when the handshake failed. */
  readonly fingerprint?: string;
  readonly error?: string;
}

const TICK_MS = 5;
const PATIENCE_MS = 30_000;

const secureContext = createSecureContext({ minVersion: 'TLSv1.3' });
const samples: Promise<ConnectSample>[] = [];
let ticks: NodeJS.Timeout | undefined;

function start({ host, port, perSecond, devices }: ConnectLoadOptions): void {
  const connects = devices.map((device) => connectPacket(device, 4, 60));
  const beganAt = performance.now();
  ticks = setInterval(() => {
    const due = ((performance.now() - beganAt) * perSecond) / 1_000;
    while (samples.length < due)
      samples.push(connectOnce(host, port, connects[samples.length % connects.length]));
  }, TICK_MS);
}

function connectOnce(host: string, port: number, connect: Buffer | undefined): Promise<ConnectSample> {
  const beganAt = performance.now();
  const startedAt = performance.timeOrigin + beganAt;
  let fingerprint: string | undefined;
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, secureContext, rejectUnauthorized: false });
    const settle = (error?: string): void => {
      resolve({
        startedAt,
        milliseconds: performance.now() - beganAt,
        ...(fingerprint === undefined ? {} : { fingerprint }),
        ...(error === undefined ? {} : { error }),
      });
    };
    const fail = (error: string): void => {
      settle(error);
      socket.destroy();
    };
    socket.setNoDelay(true);
    socket.setTimeout(PATIENCE_MS, () => fail(`nothing came for ${PATIENCE_MS} ms`));
    socket.on('error', ({ message }) => fail(message));
    socket.on('close', () => settle('closed before it was through'));
    socket.once('secureConnect', () => {
      fingerprint = socket.getPeerX509Certificate()?.fingerprint256;
      if (connect !== undefined) {
        socket.write(connect);
        return;
      }
      settle();
      socket.end();
    });
    socket.once('data', (answer: Buffer) => {
      if (connackCode(answer) !== 0) return fail(`answered ${answer.toString('hex')}`);
      settle();
      socket.end(DISCONNECT);
    });
  });
}

/** Begins no more; resolves when all are through, with every one in the order in which they began. */
function stop(): Promise<ConnectSample[]> {
  clearInterval(ticks);
  return Promise.all(samples);
}

const program = { start, stop };
export type ConnectLoad = typeof program;
answerParent(program);

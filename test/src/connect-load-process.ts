/**
 * Clients in a process of their own that connect at a fixed rate, whether those before are through or not, each
 * by a full TLS handshake. Driven over IPC: `start`; `stop` answers, once all are through, with one line each.
 */
import { connect as connectTls, createSecureContext } from 'node:tls';
import { generate } from 'mqtt-packet';

export interface ConnectLoadOptions {
  readonly host: string;
  readonly port: number;
  readonly perSecond: number;
  /** They take turns to CONNECT and DISCONNECT; with none of them, clients shake hands and go. */
  readonly devices: readonly {
    readonly username: string;
    readonly password: string;
    readonly clientId: string;
  }[];
}

export type ConnectLoadRequest =
  | { readonly type: 'start'; readonly options: ConnectLoadOptions }
  | { readonly type: 'stop' };

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
const CONNACK = 0x20;
const DISCONNECT = Buffer.from([0xe0, 0]);

const secureContext = createSecureContext({ minVersion: 'TLSv1.3' });
const samples: Promise<ConnectSample>[] = [];
let ticks: NodeJS.Timeout | undefined;

function start({ host, port, perSecond, devices }: ConnectLoadOptions): void {
  const connects = devices.map(({ password, ...device }) =>
    generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 60,
      ...device,
      password: Buffer.from(password),
    }),
  );
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
      if (answer[0] !== CONNACK || answer[3] !== 0) return fail(`answered ${answer.toString('hex')}`);
      settle();
      socket.end(DISCONNECT);
    });
  });
}

process.on('message', (request: ConnectLoadRequest) => {
  if (request.type === 'start') return start(request.options);
  clearInterval(ticks);
  void Promise.all(samples).then((all) => process.send?.(all));
});
process.on('disconnect', () => process.exit(0));

/**
 * A customer's authenticator in a process of its own, so that its CPU is nobody else's: an HTTPS server that
 * says yes to everybody, as the device of the user name, after a while. Driven over IPC; the first request
 * starts it.
 */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface AuthenticatorOptions {
  readonly certificate: string;
  readonly privateKey: string;
  /** 0: whichever is free. */
  readonly port: number;
  readonly answerMs: number;
}

export type AuthenticatorRequest =
  | { readonly type: 'start'; readonly options: AuthenticatorOptions }
  | { readonly type: 'load' };

export interface AuthenticatorLoad {
  readonly port: number;
  readonly calls: number;
  /** Calls under way at one time, at most. */
  readonly peak: number;
}

const load = { port: 0, calls: 0, peak: 0 };
let underWay = 0;

function start({ certificate, privateKey, port, answerMs }: AuthenticatorOptions): void {
  const server = createServer(
    { cert: certificate, key: privateKey, keepAlive: true },
    (request, response) => {
      underWay += 1;
      load.calls += 1;
      load.peak = Math.max(load.peak, underWay);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { username } = JSON.parse(Buffer.concat(chunks).toString()) as { username: string };
        void delay(answerMs).then(() => {
          // Before the answer, for the next call may come with it; who went away is not waited for either.
          underWay -= 1;
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(JSON.stringify({ deviceName: username }));
        });
      });
    },
  );
  server.keepAliveTimeout = 60_000;
  server.listen(port, '127.0.0.1', () => {
    ({ port: load.port } = server.address() as AddressInfo);
    process.send?.(load);
  });
}

process.on('message', (request: AuthenticatorRequest) => {
  if (request.type === 'start') start(request.options);
  else process.send?.(load);
});
process.on('disconnect', () => process.exit(0));

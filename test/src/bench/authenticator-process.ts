/**
 * A customer's authenticator in a process of its own, so that its CPU is nobody else's: an HTTPS server that
 * says yes to everybody, as the device of the user name, after a while.
 */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { answerParent } from '../program-process.ts';

export interface AuthenticatorOptions {
  readonly certificate: string;
  readonly privateKey: string;
  /** 0: whichever is free. */
  readonly port: number;
  readonly answerMs: number;
}

export interface AuthenticatorLoad {
  readonly calls: number;
  /** Calls under way at one time, at most. */
  readonly peak: number;
}

const load = { calls: 0, peak: 0 };
let underWay = 0;

/** @returns the port that it listens at */
async function start({ certificate, privateKey, port, answerMs }: AuthenticatorOptions): Promise<number> {
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
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const program = { start, load: (): AuthenticatorLoad => load };
export type AuthenticatorProgram = typeof program;
answerParent(program);

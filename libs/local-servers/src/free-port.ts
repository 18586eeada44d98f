import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { claimPort } from './port-claim.ts';

/**
 * Ports that no system gives to outgoing connections (Linux: from 32768, others: from 49152): one that is free
 * now would be taken by anybody's next connection before somebody listens on it. And above the greatest that
 * `fetch` and browsers refuse to ask (10080, a "bad port" of the WHATWG Fetch Standard).
 */
const LEAST_PORT = 10_081;
const BEYOND_PORT = 32_768;

/**
 * A TCP port of the loopback interface that nobody listens on right now, and another one at each call, whichever
 * process of ours on this machine calls.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = randomInt(LEAST_PORT, BEYOND_PORT);
    // Claimed first: who only looks whether a port is free takes it for a moment.
    if ((await claimPort(port)) && (await isFree(port, host))) return port;
  }
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}

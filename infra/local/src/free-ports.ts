import { once } from 'node:events';
import { createServer } from 'node:net';
import { PortTaken } from './local.failures.ts';

/** Whether a TCP port can be opened right now; on all addresses unless `host` names one. */
export async function isPortFree(port: number, host?: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, ...(host === undefined ? {} : { host }), exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** @throws {PortTaken} with `advice` */
export async function requirePort(port: number, advice: string): Promise<void> {
  const isFree = (await isPortFree(port)) && (await isPortFree(port, '127.0.0.1'));
  if (!isFree) throw new PortTaken(port, advice);
}

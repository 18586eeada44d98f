import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Handed out by this process: the system may offer a port again before anybody listens on it. */
const handedOut = new Set<number>();

/** A TCP port of the loopback interface that nobody listens on right now, and another one at each call. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = await unusedPort(host);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    return port;
  }
}

async function unusedPort(host: string): Promise<number> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

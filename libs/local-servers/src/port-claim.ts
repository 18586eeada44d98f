import { once } from 'node:events';
import { createServer } from 'node:net';

/** Where there is no such namespace. */
const claimedHere = new Set<number>();

/**
 * Sets a port aside for this process until it ends, so that no other process of ours is given it before somebody
 * listens on it: a name in the abstract namespace of Linux, which the kernel gives to one at a time and takes back
 * by itself. Elsewhere only this process is kept from it.
 *
 * @returns false when it was claimed before
 */
export async function claimPort(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return !claimedHere.has(port) && claimedHere.add(port).size > 0;
  const claim = createServer().unref();
  claim.listen(`\0gatehouse-port-${port}`);
  try {
    await once(claim, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

import type { Socket } from 'node:net';
import { readClientHello, type ClientHelloReading } from './client-hello.ts';

/** A ClientHello has 200 to 2,000 bytes. */
const MAX_HELLO_BYTES = 16_384;

export type FirstBytes =
  | Exclude<ClientHelloReading, { outcome: 'incomplete' }>
  | { outcome: 'timeout' | 'closed' };

/**
 * Reads what a connection begins with, and gives it back to the socket, so that TLS finds it there.
 *
 * @param socket that nobody reads
 * @param timeoutMs that it may take from now on
 * @param onRead called once; after `closed` and `timeout` the socket is of no more use
 */
export function readFirstBytes(socket: Socket, timeoutMs: number, onRead: (first: FirstBytes) => void): void {
  const chunks: Buffer[] = [];
  let received = 0;
  let atLeast = 0;
  let isReading = true;
  const settle = (first: FirstBytes): void => {
    isReading = false;
    clearTimeout(timer);
    socket.off('readable', read).off('close', onClose);
    onRead(first);
  };
  const read = (): void => {
    for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) {
      chunks.push(chunk);
      received += chunk.length;
    }
    if (received === 0 || received < atLeast) return;
    const bytes = Buffer.concat(chunks);
    const reading = readClientHello(bytes);
    if (reading.outcome === 'incomplete' && received < MAX_HELLO_BYTES) {
      atLeast = reading.atLeast;
      return;
    }
    socket.unshift(bytes);
    settle(reading.outcome === 'incomplete' ? { outcome: 'malformed' } : reading);
  };
  const onClose = (): void => settle({ outcome: 'closed' });
  const giveUp = (): void => {
    if (isReading) settle({ outcome: 'timeout' });
  };
  // Behind what has arrived: while this process itself was held up, nobody was read.
  const timer = setTimeout(() => setImmediate(giveUp), timeoutMs);
  socket.on('readable', read).once('close', onClose);
}

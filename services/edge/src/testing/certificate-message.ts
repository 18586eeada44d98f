import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { once } from 'node:events';

const HANDSHAKE = 22;
const CERTIFICATE = 11;

/**
 * The body of a Certificate message of TLS 1.2 (RFC 5246 §7.4.6).
 *
 * @param entries DER, or what stands in its place
 */
export function certificateMessage(entries: readonly Buffer[]): Buffer {
  const list = Buffer.concat(entries.flatMap((entry) => [length24(entry.length), entry]));
  return Buffer.concat([length24(list.length), list]);
}

/**
 * A port that leads to `port`, on which the client's Certificate message of TLS 1.2, which is not encrypted,
 * is replaced: so that anything can be sent that no TLS library would send.
 */
export async function replacingCertificate(
  port: number,
  body: Buffer,
): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((client) => {
    const target = connectTcp({ host: '127.0.0.1', port });
    for (const socket of [client, target]) socket.on('error', () => undefined);
    target.pipe(client);
    client.on('close', () => target.destroy());
    target.on('close', () => client.destroy());
    forward(client, target, body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => void server.close() };
}

function forward(client: Socket, target: Socket, body: Buffer): void {
  let pending = Buffer.alloc(0);
  let isReplaced = false;
  client.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 5) {
      const end = 5 + pending.readUInt16BE(3);
      if (pending.length < end) return;
      const record = pending.subarray(0, end);
      pending = pending.subarray(end);
      const isCertificate = record[0] === HANDSHAKE && record[5] === CERTIFICATE;
      if (!isCertificate || isReplaced) {
        target.write(record);
        continue;
      }
      isReplaced = true;
      // What came in the same record behind it goes on behind it.
      const rest = record.subarray(5 + 4 + record.readUIntBE(6, 3));
      const message = Buffer.concat([Buffer.of(CERTIFICATE), length24(body.length), body, rest]);
      for (let offset = 0; offset < message.length; offset += 16_384) {
        const part = message.subarray(offset, offset + 16_384);
        target.write(Buffer.concat([Buffer.of(HANDSHAKE, 3, 3, part.length >> 8, part.length & 0xff), part]));
      }
    }
  });
}

function length24(length: number): Buffer {
  return Buffer.of(length >> 16, (length >> 8) & 0xff, length & 0xff);
}

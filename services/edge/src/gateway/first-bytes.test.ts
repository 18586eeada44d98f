import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { realClientHello } from '../testing/real-client-hello.ts';
import { readClientHello } from './client-hello.ts';
import { readFirstBytes, type FirstBytes } from './first-bytes.ts';

/** What a client sends, in these pieces; a stream is all that is needed of its socket. */
function clientOf(): PassThrough & Socket {
  return new PassThrough() as unknown as PassThrough & Socket;
}

async function readInPieces(pieces: readonly Uint8Array[]) {
  const client = clientOf();
  const read: FirstBytes[] = [];
  readFirstBytes(client, 60_000, (first) => read.push(first));
  for (const piece of pieces) {
    client.write(piece);
    await turn();
  }
  // One piece at a time, as TLS takes them: a read does not join what arrived apart.
  const left: Buffer[] = [];
  for (let piece: unknown = client.read(); Buffer.isBuffer(piece); piece = client.read()) left.push(piece);
  client.destroy();
  await turn();
  await turn();
  return { read, bytes: Buffer.concat(left) };
}

function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    if (at >= bytes.length) break;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return at < bytes.length ? [...pieces, bytes.subarray(at)] : pieces;
}

const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 8 });

test('a ClientHello in any pieces is read once, and TLS finds all of it', async () => {
  const hello = await realClientHello({ servername: 'a.example.com' });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), lengths, async (rest, pieces) => {
      const sent = Buffer.concat([hello, rest]);
      const { read, bytes } = await readInPieces(cut(sent, pieces));
      expect(read).toEqual([readClientHello(hello)]);
      expect(bytes.equals(sent)).toBe(true);
    }),
    { numRuns: 50, examples: [[Uint8Array.of(0), [hello.length]]] },
  );
});

test('whatever a client sends, in whatever pieces, has one outcome', async () => {
  const anything = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 500 }),
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.concat([Buffer.of(22, 3, 1, 1, 0, 1), bytes])),
  );
  await fc.assert(
    fc.asyncProperty(anything, lengths, async (sent, pieces) => {
      const { read } = await readInPieces(cut(sent, pieces));
      expect(read).toHaveLength(1);
      expect(['hello', 'not-tls', 'malformed', 'closed']).toContain(read[0]?.outcome);
    }),
    { numRuns: 200 },
  );
});

test('more than a ClientHello can be is malformed before it is complete', async () => {
  const endless = Buffer.alloc(17_000);
  for (let at = 0; at < endless.length; at += 105) endless.set([22, 3, 1, 0, 100], at);
  // A message of 16 MB, announced in the first record.
  endless.set([1, 255, 255, 255], 5);
  const { read } = await readInPieces(
    cut(
      endless,
      Array.from({ length: 20 }, () => 1_000),
    ),
  );
  expect(read).toEqual([{ outcome: 'malformed' }]);
});

test('a client that says nothing is given up', async () => {
  const client = clientOf();
  const first = await new Promise((resolve) => readFirstBytes(client, 5, resolve));
  expect(first).toEqual({ outcome: 'timeout' });
});

import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

const BUFFERED_BYTES = 64 * 1024;

/**
 * Answers with pieces of CSV as the reader takes them: however many there are, few are in memory. What fails on
 * the way breaks the connection off, so that half a file is not taken for a whole one.
 */
export async function sendCsv(
  reply: FastifyReply,
  fileName: string,
  pieces: AsyncGenerator<string>,
): Promise<void> {
  await reply
    .type('text/csv; charset=utf-8')
    .header('Content-Disposition', `attachment; filename="${fileName}"`)
    .header('Cache-Control', 'no-store')
    .send(Readable.from(pieces, { objectMode: false, highWaterMark: BUFFERED_BYTES }));
}

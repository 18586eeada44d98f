import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';

const VERSION = '2.15.0';
const DOWNLOAD_TIMEOUT_MS = 120_000;

/** SHA-256 of the official archives, as in that release's SHA256SUMS. */
const ARCHIVE_SHA256: Readonly<Record<string, string>> = {
  'linux-x64': '5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92',
  'linux-arm64': 'cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112',
  'darwin-x64': '5bd8b59ca5bf93fab3da2c5843cf564cd6e2e291e22ae3b861746e7ebe259b95',
  'darwin-arm64': 'e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8',
};

/**
 * Fetches the official nats-server for this platform.
 *
 * @param program where it goes
 * @throws {Error} there is none for this platform, it cannot be reached, or its checksum is another one
 */
export async function fetchNatsServerRelease(program: string): Promise<void> {
  const platform = `${process.platform}-${process.arch}`;
  const sha256 = ARCHIVE_SHA256[platform];
  if (sha256 === undefined) throw new Error(`no release is known for ${platform}`);
  const name = `nats-server-v${VERSION}-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const archive = await download(
    `https://github.com/nats-io/nats-server/releases/download/v${VERSION}/${name}.tar.gz`,
  );
  const found = createHash('sha256').update(archive).digest('hex');
  if (found !== sha256) throw new Error(`${name}.tar.gz has the SHA-256 ${found} and not ${sha256}`);
  const work = `${program}.part-${process.pid}`;
  await mkdir(work, { recursive: true });
  try {
    await writeFile(join(work, 'archive.tar.gz'), archive);
    await runProgram('tar', ['-xzf', join(work, 'archive.tar.gz'), '-C', work, `${name}/nats-server`]);
    await rename(join(work, name, 'nats-server'), program);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

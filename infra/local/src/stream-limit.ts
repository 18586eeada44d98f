import { statfs } from 'node:fs/promises';
import { readSecret, writeSecret } from './secret-file.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
/** What the streams may take together of the disk that is free at the first start. */
const SHARE = 0.5;
/** UPLINK, MESSAGES, PRESENCE and NOTIFICATIONS have a limit each. */
const LIMITED_STREAMS = 4;

/**
 * The upper bound of one stream's size in bytes, such that JetStream finds room for all of them. Chosen once
 * for a data directory: a smaller bound later would throw messages away.
 */
export async function streamMaxBytes(directory: string, file: string): Promise<number> {
  const kept = Number(await readSecret(file));
  if (Number.isInteger(kept) && kept >= MIB) return kept;
  const { bavail, bsize } = await statfs(directory);
  const each = Math.floor((bavail * bsize * SHARE) / LIMITED_STREAMS / MIB) * MIB;
  const bytes = Math.min(Math.max(each, 64 * MIB), 8 * GIB);
  await writeSecret(file, String(bytes));
  return bytes;
}

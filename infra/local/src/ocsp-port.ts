import { freePort } from '@gatehouse/local-servers';
import type { DataDirectory } from './data-directory.ts';
import { requirePort } from './free-ports.ts';
import { readSecret, writeSecret } from './secret-file.ts';

const FILE = 'ocsp-port';

/**
 * Where OCSP and revocation lists of own authorities are served. It stands in every certificate that they issue, so
 * that it stays the same for as long as the data directory is there.
 *
 * @throws {PortTaken}
 */
export async function ocspPort(directory: DataDirectory, wanted: number | undefined): Promise<number> {
  const file = directory.at(FILE);
  const kept = wanted === undefined ? await readSecret(file) : undefined;
  const port = wanted ?? (kept === undefined ? await freePort() : Number(kept));
  await requirePort(
    port,
    kept === undefined
      ? 'stop that program, or choose another with --ocsp-port'
      : 'it stands in certificates that were issued from this data directory; stop that program, or choose ' +
          'another with --ocsp-port, and those certificates lead nowhere',
  );
  await writeSecret(file, String(port));
  return port;
}

import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout that this file belongs to, be it run from `src` or from `dist`. */
export const projectDirectory = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Programs that were fetched; deleting it only costs the next start some seconds. */
export const cacheDirectory = join(projectDirectory, '.cache');

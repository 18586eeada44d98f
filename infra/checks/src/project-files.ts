import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, be this file run from `src` or from `dist`. */
export const projectDirectory = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

export function readProjectFile(path: string): string {
  return readFileSync(join(projectDirectory, path), 'utf8');
}

/** Paths, from the project's root, of the TypeScript sources below a folder; tests left out. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(join(projectDirectory, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .filter((path) => !/(^|\/)(dist|node_modules)\//.test(path))
    .map((path) => join(folder, path));
}

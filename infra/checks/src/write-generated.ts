import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory } from './project-files.ts';

/**
 * Files that are made from the sources and committed, so that a review sees what changed.
 * `npm run docs` writes them; with `--check` nothing is written and a stale file is exit code 1.
 */
const GENERATED = [{ path: 'docs/openapi.json', program: 'services/registry/dist/open-api/main.js' }];

const isCheck = process.argv.includes('--check');
for (const { path, program } of GENERATED) {
  const file = join(projectDirectory, path);
  const made = execFileSync(process.execPath, [join(projectDirectory, program)], { encoding: 'utf8' });
  if (!isCheck) writeFileSync(file, made);
  else if (contentOf(file) !== made) {
    process.exitCode = 1;
    process.stderr.write(`${path} is not what the sources make of it: run \`npm run docs\` and commit it\n`);
  }
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

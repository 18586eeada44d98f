import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { projectDirectory, readProjectFile } from './project-files.ts';

const files = execFileSync('git', ['ls-files'], { cwd: projectDirectory, encoding: 'utf8' })
  .split('\n')
  .filter((path) => /\.(ts|tsx|mjs|json|md|ya?ml|sql)$/.test(path));

test('no committed file names a home directory of somebody', () => {
  const home = /(?:^|[\s"'`(=])\/(?:home|Users)\/[a-z]/m;
  expect(files.filter((path) => path !== 'package-lock.json' && home.test(readProjectFile(path)))).toEqual(
    [],
  );
});

import { expect, test } from 'vitest';
import { readProjectFile } from './project-files.ts';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages }: { packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
  readProjectFile('package-lock.json'),
);

/** As Node looks a package up: beside whoever asks, then further and further out. */
function isLocked(name: string, askedBy: string): boolean {
  for (let folder = askedBy; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === '') return false;
  }
}

const dependenciesOf = (path: string, { dependencies, devDependencies }: LockedPackage) => ({
  path,
  ...dependencies,
  ...devDependencies,
});

test('the lock file names no registry: installs use the one that npm is set to', () => {
  const addresses = Object.values(packages).map(({ resolved }) => resolved ?? '');
  expect(addresses.filter((address) => address.includes('://'))).toEqual([]);
});

test('the lock file knows what every workspace depends on', () => {
  const workspaces = Object.keys(packages).filter((path) => !path.includes('node_modules/'));
  const wanted = workspaces.map((path) => {
    const manifest = readProjectFile(path === '' ? 'package.json' : `${path}/package.json`);
    return dependenciesOf(path, JSON.parse(manifest) as LockedPackage);
  });
  expect(workspaces.map((path) => dependenciesOf(path, packages[path] ?? {}))).toEqual(wanted);
});

test('the lock file has the packages of every platform, without which npm ci refuses it', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(name, path)),
  );
  expect(missing).toEqual([]);
});

import { join } from 'node:path';
import { projectDirectory } from '@gatehouse/local-servers';
import type { ServiceName } from './service-environment.ts';

/** What a confined service reads: its code. The data directory, with its keys, may lie beside it. */
const CODE = ['node_modules', 'libs', 'package.json'];
/** Read by node-gyp-build to choose the binary of an addon. */
const LIBC_MARK = '/etc/alpine-release';

const USUAL = [
  // The registry strips the types of scripts, which is stable enough for us and still called an experiment.
  '--disable-warning=ExperimentalWarning',
  // As many threads that collect garbage as there are processors besides; four, the default, take turns with the
  // services on a small machine, and make those wait who collect.
  '--v8-pool-size=0',
];

/**
 * Options of Node for a service's process. The parser runs code of customers: what gets out of its isolate may
 * read the code of Gatehouse and use the network, and neither write files nor start processes or threads.
 */
export function nodeOptions(service: ServiceName): string[] {
  if (service !== 'parser') return USUAL;
  const readable = [...CODE, join('services', service)].map((path) => join(projectDirectory, path));
  return [
    '--permission',
    // isolated-vm is one.
    '--allow-addons',
    '--allow-net',
    // Given away as soon as the host of trials is there: services/parser/src/trial/trial-host.ts.
    '--allow-child-process',
    ...[...readable, LIBC_MARK].map((path) => `--allow-fs-read=${path}`),
    // All are meant.
    '--disable-warning=PERM0001',
    '--disable-warning=PERM0002',
    ...USUAL,
  ];
}

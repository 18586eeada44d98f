import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FailureKind } from '@gatehouse/failure';
import { httpStatusOf } from '@gatehouse/nest';
import { expect, test } from 'vitest';
import { registryControllers } from '../registry-controllers.module.ts';
import { openApiOf } from './open-api.module.ts';
import { PROBLEM_STATUSES } from './problem-statuses.ts';

/** Of the command line, of a service that does not start, of NATS, of what was found later; or of no operation. */
const OF_NO_OPERATION = [
  'BUS_PUBLISH_REFUSED',
  'BUS_REPLY_MALFORMED',
  'BUS_REQUEST_MALFORMED',
  'BUS_REQUEST_TOO_LARGE',
  'HTTP_METHOD_NOT_ALLOWED',
  'HTTP_REQUEST_REFUSED',
  'HTTP_ROUTE_UNKNOWN',
  'REGISTRY_COMMAND_LINE_INVALID',
  'REGISTRY_DATA_DIRECTORY_NOT_RUNNING',
  'REGISTRY_DEVICE_CREATIONS_EXCEEDED',
  'REGISTRY_DEVICE_NAME_INVALID',
  'REGISTRY_IMPORT_INTERRUPTED',
  'REGISTRY_REBUILD_HELD_UP',
  'REGISTRY_REBUILD_RUNNING',
  'REGISTRY_REVOCATION_LIST_NOT_SIGNED',
  'REGISTRY_SECRET_NOT_READABLE',
  'SERVICE_CONFIGURATION_INVALID',
];

const FAILURE =
  /readonly code = '([A-Z0-9_]+)';(?:\s+readonly kind = '([a-z-]+)';)?(?:\s+readonly status = (\d+);)?/g;
/** Of the failures that have their kind from the class above them. */
const KIND_OF_CERTIFICATE_FAILURES = 'invalid';

/** Read off the sources: the codes of failures and the status that each is answered with. */
function statusesInSources(): Record<string, number> {
  const folders = [
    'services/registry/src',
    'libs/event-store/src',
    'libs/nest/src',
    'libs/nats/src',
    'services/parser/src/retry',
  ].map((folder) => fileURLToPath(new URL(`../../../../${folder}`, import.meta.url)));
  const failures = folders
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
        .map((path) => readFileSync(join(folder, path), 'utf8')),
    )
    .flatMap((text) => [...text.matchAll(FAILURE)]);
  return Object.fromEntries(
    failures.map(([, code = '', kind = KIND_OF_CERTIFICATE_FAILURES, status]) => [
      code,
      status === undefined ? httpStatusOf(kind as FailureKind) : Number(status),
    ]),
  );
}

const statuses = statusesInSources();

test('an error code is described under the status that it is answered with', () => {
  const expected = Object.keys(PROBLEM_STATUSES).map((code) => [code, statuses[code]]);
  expect(PROBLEM_STATUSES).toEqual(Object.fromEntries(expected));
});

test('every error code of the registry is described with an operation, or belongs to none', async () => {
  const described = JSON.stringify(await openApiOf(registryControllers));
  const silent = Object.keys(statuses).filter((code) => !described.includes(`"${code}"`));
  expect(silent.toSorted()).toEqual(OF_NO_OPERATION);
});

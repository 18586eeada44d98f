import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@gatehouse/local-servers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDataDirectory, type DataDirectory } from './data-directory.ts';
import { ocspPort } from './ocsp-port.ts';

let parent: string;
let directory: DataDirectory;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'gatehouse-ocsp-port-'));
  directory = await openDataDirectory(join(parent, 'data'), false);
});
afterEach(async () => {
  await directory.release();
  await rm(parent, { recursive: true });
});

test('a port that was chosen once is kept, until another is asked for', async () => {
  const first = await ocspPort(directory, undefined);
  expect(await ocspPort(directory, undefined)).toBe(first);
  const wanted = await freePort();
  expect(await ocspPort(directory, wanted)).toBe(wanted);
  expect(await ocspPort(directory, undefined)).toBe(wanted);
});

test('no other port takes the place of one that is taken', async () => {
  const port = await ocspPort(directory, undefined);
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  await expect(ocspPort(directory, undefined)).rejects.toThrow(/it stands in certificates/);
  server.close();
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort, projectDirectory } from '@gatehouse/local-servers';
import { afterEach, beforeEach, expect, test } from 'vitest';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-refused-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Refusal {
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** Starts Gatehouse on free ports, with something wrong. */
async function refusalOf(flags: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Refusal> {
  const ports = [`--http-port=${await freePort()}`, `--mqtt-port=${await freePort()}`];
  const child = spawn(
    process.execPath,
    [
      join(projectDirectory, 'infra/local/dist/main.js'),
      `--data-dir=${join(directory, 'data')}`,
      ...ports,
      ...flags,
    ],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const [said, [code]] = await Promise.all([
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, lines: said.trimEnd().split('\n') };
}

async function takenPort(): Promise<Disposable & { readonly port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => server.close() };
}

test('a flag that does not exist', async () => {
  expect(await refusalOf(['--prot=1'])).toEqual({
    code: 1,
    lines: ["Gatehouse cannot start: Unknown option '--prot'; npm start -- --help lists the flags"],
  });
});

test.each(['http', 'mqtt'])('a taken %s port, with the flag that chooses another', async (kind) => {
  using taken = await takenPort();
  expect(await refusalOf([`--${kind}-port=${taken.port}`])).toEqual({
    code: 1,
    lines: [
      `Gatehouse cannot start: port ${taken.port} is taken by another program: ` +
        `stop that program, or choose another with --${kind}-port`,
    ],
  });
});

test('a data directory that is a file', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  const { code, lines } = await refusalOf([`--data-dir=${file}`]);
  expect([code, lines.length]).toEqual([1, 1]);
  expect(lines[0]).toContain(`the data directory ${file} cannot be used`);
});

test.each([
  ['DATABASE_URL', 'postgres://somebody:secret@127.0.0.1:1/gatehouse'],
  ['NATS_URL', 'nats://somebody:secret@127.0.0.1:1'],
])('%s that leads nowhere, without its password', async (variable, url) => {
  const { code, lines } = await refusalOf([], { [variable]: url });
  expect([code, lines.length]).toEqual([1, 1]);
  expect(lines[0]).toContain(`${variable} points to 127.0.0.1:1`);
  expect(lines[0]).not.toContain('secret');
});

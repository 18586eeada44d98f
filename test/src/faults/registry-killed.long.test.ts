import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { projectDirectory, startPostgresCluster } from '@gatehouse/local-servers';
import { eventually, startTestNats } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { gatewayBody, published, wholeLog } from '../registry-log.ts';
import { RegistryProcess } from '../registry-process.ts';
import { runWith } from '../run-with.ts';

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 100);
const IMPORTED_AT_ONCE = 300;
const LONGEST_LIFE_MS = 600;

test(`kill -9 at ${ROUNDS} random moments of imports and commands leaves a whole log and true views`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-killed-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
  const nats = cleanUp.use(await startTestNats());
  const postgres = await startPostgresCluster({ directory });
  cleanUp.defer(() => postgres.stop());
  const start = async (): Promise<RegistryProcess> => {
    const started = cleanUp.use(await RegistryProcess.start(postgres.url, nats.url));
    await started.ready();
    return started;
  };

  let registry = await start();
  const created = await registry.call('POST /gateways', { json: await gatewayBody() });
  const devices = `/products/${String(created.body['productKey'])}/devices`;
  const finished: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const names = Array.from({ length: IMPORTED_AT_ONCE }, (_, index) => `r${round}-d${index}`);
    const commands = (async () => {
      const json = { devices: names.map((username) => ({ username, password: 'x' })) };
      const imported = await registry.call(`POST ${devices}:import`, { json });
      if (imported.status < 300) finished.push(round);
      for (const name of names) await registry.call(`POST ${devices}/${name}:disable`);
    })().catch(() => undefined);
    await wait(Math.random() * LONGEST_LIFE_MS);
    await registry.kill();
    await commands;
    registry = await start();
  }

  // Nothing half-imported, and nothing lost that was answered.
  for (let round = 0; round < ROUNDS; round += 1) {
    const { body } = await registry.call(`GET ${devices}?limit=500&prefix=r${round}-`);
    const found = (body['items'] as readonly unknown[]).length;
    expect([0, IMPORTED_AT_ONCE]).toContain(found);
    if (finished.includes(round)) expect(found).toBe(IMPORTED_AT_ONCE);
  }

  // Everything published, once and in order.
  const log = await wholeLog(registry);
  const stored = await eventually(
    async () => {
      const messages = await published(nats.url);
      expect(messages.at(-1)?.event.globalPosition).toBe(log.at(-1)?.globalPosition);
      return messages;
    },
    30_000,
    250,
  );
  expect(stored.map(({ event }) => event.globalPosition)).toEqual(
    log.map(({ globalPosition }) => globalPosition),
  );
  for (const events of Map.groupBy(stored, ({ event }) => event.streamId).values()) {
    expect(events.map(({ event }) => event.streamVersion)).toEqual(events.map((_, index) => index + 1));
  }

  // The views are what the log makes: exit code 1, and so a rejection, when they differ.
  const environment = {
    PATH: process.env['PATH'],
    DATABASE_URL: postgres.url,
    GATEHOUSE_MASTER_KEY: '07'.repeat(32),
  };
  const program = join(projectDirectory, 'services/registry/dist/command-line/main.js');
  await runWith(environment, process.execPath, [program, 'rebuild', '--verify']);
}, 1_800_000);

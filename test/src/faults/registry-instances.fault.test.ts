import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgresCluster } from '@gatehouse/local-servers';
import { eventually, quickest, startTestNats } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { gatewayBody, published, wholeLog } from '../registry-log.ts';
import { RegistryProcess } from '../registry-process.ts';

const WRITERS = 4;
const TAKEOVER_MS = 2_500;

test('registries that start at once share an empty database; kill -9 of the one that publishes loses and repeats nothing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-instances-'));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }));
  const nats = cleanUp.use(await startTestNats());
  const postgres = await startPostgresCluster({ directory });
  cleanUp.defer(() => postgres.stop());
  const start = async (): Promise<RegistryProcess> =>
    cleanUp.use(await RegistryProcess.start(postgres.url, nats.url));

  let instances: readonly RegistryProcess[] = await Promise.all([start(), start()]);
  await Promise.all(instances.map((instance) => instance.ready()));
  const [first] = instances;
  const created = await first?.call('POST /gateways', { json: await gatewayBody() });
  expect(created?.status).toBe(201);
  const productKey = String(created?.body['productKey']);

  /** On whichever instance is alive, until one answers. */
  let turn = 0;
  const command = (methodAndPath: string, key: string, json?: unknown): Promise<void> =>
    eventually(async () => {
      const instance = instances[(turn += 1) % instances.length];
      const answer = await instance?.call(methodAndPath, { json, idempotencyKey: key });
      if (answer === undefined || answer.status >= 300) throw new Error(JSON.stringify(answer));
    }, 60_000);
  const ending = new AbortController();
  const written: string[] = [];
  const write = async (writer: number): Promise<void> => {
    for (let number = 0; !ending.signal.aborted; number += 1) {
      const name = `d-${writer}-${number}`;
      const path = `/products/${productKey}/devices`;
      await command(`POST ${path}:import`, `${name}-import`, {
        devices: [{ username: name, password: 'x' }],
      });
      await command(`POST ${path}/${name}:disable`, `${name}-disable`);
      written.push(name);
    }
  };
  const writing = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

  const untilMoreThan = (count: number): Promise<void> =>
    eventually(() => expect(written.length).toBeGreaterThan(count), 60_000);
  await untilMoreThan(40);
  /** @returns how many milliseconds nobody did the work for */
  const killOwner = async (): Promise<number> => {
    const owner = await eventually(() => {
      const [only, ...more] = instances.filter(({ ownsWorkSince }) => ownsWorkSince !== undefined);
      if (only === undefined || more.length > 0) throw new Error('one of them does the work');
      return only;
    });
    instances = instances.filter((instance) => instance !== owner);
    const killedAt = performance.now();
    await owner.kill();
    const [heir] = instances;
    return eventually(() => {
      if (heir?.ownsWorkSince === undefined) throw new Error('nobody has taken over');
      return heir.ownsWorkSince - killedAt;
    });
  };
  const takenOverAfterMs = await quickest(TAKEOVER_MS, async (round) => {
    if (round > 1) {
      const next = await start();
      await next.ready();
      instances = [...instances, next];
    }
    return killOwner();
  });
  expect(takenOverAfterMs).toBeLessThan(TAKEOVER_MS);

  // The one that is left dies too, and both come back.
  await untilMoreThan(written.length + 20);
  await instances[0]?.kill();
  instances = await Promise.all([start(), start()]);
  await Promise.all(instances.map((instance) => instance.ready()));
  await untilMoreThan(written.length + 20);
  ending.abort();
  await writing;

  const [reader] = instances;
  if (reader === undefined) throw new Error('no instance is left');
  const stored = await eventually(
    async () => {
      const found = await published(nats.url);
      expect(found.at(-1)?.event.globalPosition).toBe((await wholeLog(reader)).at(-1)?.globalPosition);
      return found;
    },
    60_000,
    250,
  );
  const log = await wholeLog(reader);

  expect(stored.map(({ event }) => event.globalPosition)).toEqual(
    log.map(({ globalPosition }) => globalPosition),
  );
  expect(stored.map(({ messageId }) => messageId)).toEqual(stored.map(({ event }) => event.globalPosition));
  for (const events of Map.groupBy(stored, ({ event }) => event.streamId).values()) {
    expect(events.map(({ event }) => event.streamVersion)).toEqual(events.map((_, index) => index + 1));
  }
  const typesOf = (name: string): string[] =>
    stored
      .filter(({ event }) => event.streamId === `device/${productKey}/${name}`)
      .map(({ event }) => event.type);
  for (const name of written) expect(typesOf(name)).toEqual(['DeviceImported', 'DeviceDisabled']);
}, 300_000);

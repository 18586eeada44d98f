import { readFile } from 'node:fs/promises';
import { eventually } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { figuresTable } from '../bench/figures-table.ts';
import { Fleet } from '../bench/fleet.ts';
import { gatewayUnderTest } from '../bench/gatehouse-under-test.ts';
import { percentileOf } from '../bench/latencies.ts';
import { importDevices } from '../imported-devices.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { countStoredMessages, storedMessages } from '../stored-messages.ts';

const GOOD = { devices: 50, perSecond: 500 };
const BURNING = { devices: 20, perSecond: 100 };
const SECONDS = 12;
const ROUNDS = 2;
/** Below this a busy machine makes ratios of chance. */
const NOTICED_MS = 100;

const SCRIPTS = {
  'a script that never ends': 'for (;;);',
  'a script of 45 ms, within the limit':
    'const end = Date.now() + 45; while (Date.now() < end); return { n: 1 };',
};

test('a product whose script burns its limit on every message leaves another product alone', async () => {
  await using gatehouse = await RunningGatehouse.start();
  const { productKey, host, port } = await gatehouse.device();
  const { natsUrl } = await gatehouse.runFile();
  const ca = await readFile(gatehouse.caFile, 'utf8');
  await using good = new Fleet();
  const clients = await importDevices(gatehouse, productKey, GOOD.devices);
  await good.ask('connect', { host, port, ca, clients, concurrency: 8 });
  await using neverEnding = await burningFleet(gatehouse, 0);
  await using slow = await burningFleet(gatehouse, 1);
  const burning = [neverEnding, slow];
  const load = { qos: 1, payloadBytes: 64, topic: 'up/data' } as const;
  const phases = new Map<string, [from: number, to: number][]>();
  let sent = 0;
  /** By turns, so that a busy moment of the machine meets each of them. */
  const phase = async (name: string, beside?: Fleet): Promise<void> => {
    const from = Date.now();
    const burnt = beside?.ask('publish', { ...load, perSecond: BURNING.perSecond, seconds: SECONDS });
    sent += (
      await good.ask('publish', { ...load, perSecond: GOOD.perSecond, seconds: SECONDS, isNumbered: true })
    ).sent;
    await burnt;
    phases.set(name, [...(phases.get(name) ?? []), [from, Date.now()]]);
  };
  await phase('warm-up');
  for (let round = 0; round < ROUNDS; round += 1) {
    await phase('alone');
    for (const [index, name] of Object.keys(SCRIPTS).entries()) await phase(`beside ${name}`, burning[index]);
  }
  await Promise.all([good, ...burning].map((fleet) => fleet.ask('end')));
  await eventually(
    async () => expect(await countStoredMessages(natsUrl, productKey)).toBe(sent),
    60_000,
    250,
  );

  phases.delete('warm-up');
  const stored = await storedMessages(natsUrl, productKey);
  const delays = new Map(
    Array.from(phases, ([name, times]) => [
      name,
      stored
        .filter(({ receivedAt }) => times.some(([from, to]) => from <= receivedAt && receivedAt <= to))
        .map(({ receivedAt, storedAt }) => storedAt - receivedAt),
    ]),
  );
  const alone = percentileOf(delays.get('alone') ?? [], 0.99);
  const rows = Array.from(delays, ([name, each]) => {
    const [p50, p99] = [percentileOf(each, 0.5), percentileOf(each, 0.99)];
    return [name, each.length, p50, p99, Math.max(...each), (p99 / alone).toFixed(1)];
  });
  const columns = ['the good product', 'messages', 'p50 ms', 'p99 ms', 'longest ms', 'p99 of that alone'];
  process.stdout.write(`${figuresTable(columns, rows)}\n`);
  for (const each of delays.values()) {
    expect(percentileOf(each, 0.99)).toBeLessThan(5 * Math.max(alone, NOTICED_MS));
  }
});

async function burningFleet(gatehouse: RunningGatehouse, index: number): Promise<Fleet> {
  const gateway = await gatewayUnderTest(gatehouse, `burning_${index}`, {
    clientCount: BURNING.devices,
    script: `function transformPayload(topic, rawData) { ${Object.values(SCRIPTS)[index]} }`,
  });
  const fleet = new Fleet();
  await fleet.ask('connect', { ...gateway, concurrency: 8 });
  return fleet;
}

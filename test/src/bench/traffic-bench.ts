import { RunningGatehouse } from '../running-gatehouse.ts';
import type { BrokerUnderTest } from './broker-under-test.ts';
import { figuresTable, type Cell } from './figures-table.ts';
import { parsingGateway, passThroughGateway } from './gatehouse-under-test.ts';
import { benchMemory, MEMORY_COLUMNS } from './memory-bench.ts';
import { startMosquitto, type Mosquitto } from './mosquitto-under-test.ts';
import { benchPublish, PUBLISH_COLUMNS } from './publish-bench.ts';

const CLIENTS = 1_000;

interface Brokers {
  readonly passThrough: BrokerUnderTest;
  readonly parsing: BrokerUnderTest;
  readonly mosquitto: Mosquitto;
}

/** Messages and connections, beside mosquitto. */
export async function benchTraffic(write: (text: string) => void): Promise<void> {
  await using gatehouse = await RunningGatehouse.start();
  await using mosquitto = await startMosquitto(CLIENTS);
  const passThrough = await passThroughGateway(gatehouse, CLIENTS);
  const parsing = await parsingGateway(gatehouse, CLIENTS);

  const brokers = { passThrough, parsing, mosquitto };
  // First, while no connection has grown any heap.
  const memoryRows = [
    await benchMemory(passThrough, 'edge'),
    await benchMemory(mosquitto.broker, 'mosquitto'),
  ];
  write('## A message\n');
  write(figuresTable(PUBLISH_COLUMNS, await publishRows(brokers)));
  write('\n## An idle connection\n');
  write(figuresTable(MEMORY_COLUMNS, memoryRows));
}

async function publishRows({ passThrough, parsing, mosquitto }: Brokers): Promise<Cell[][]> {
  const rows: Cell[][] = [];
  for (const qos of [0, 1] as const) {
    for (const broker of [passThrough, parsing] satisfies BrokerUnderTest[])
      rows.push(await benchPublish(broker, qos));
    const subscriber = await mosquitto.subscribe();
    rows.push(await benchPublish(mosquitto.broker, qos));
    await subscriber[Symbol.asyncDispose]();
  }
  return rows;
}

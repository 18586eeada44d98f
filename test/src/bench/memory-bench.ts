import type { BrokerUnderTest } from './broker-under-test.ts';
import type { Cell } from './figures-table.ts';
import { Fleet } from './fleet.ts';
import { processTree, residentBytes } from './process-usage.ts';

export const MEMORY_COLUMNS = ['what', 'connections', 'kB a connection'];
const BYTES_PER_KILOBYTE = 1_000;

/** Growth of resident memory of the process that holds the sockets, for each idle TLS connection. */
export async function benchMemory(broker: BrokerUnderTest, holder: string): Promise<Cell[]> {
  await using fleet = new Fleet();
  const before = await residentOf(broker, holder);
  await fleet.ask('connect', { ...broker, concurrency: 16 });
  const after = await residentOf(broker, holder);
  const connections = broker.clients.length;
  await fleet.ask('end');
  return [broker.name, connections, (after - before) / connections / BYTES_PER_KILOBYTE];
}

async function residentOf(broker: BrokerUnderTest, holder: string): Promise<number> {
  const measured = (await broker.processes()).find(({ name }) => name === holder);
  let total = 0;
  for (const pid of measured?.pids ?? []) {
    for (const member of await processTree(pid)) total += await residentBytes(member);
  }
  return total;
}

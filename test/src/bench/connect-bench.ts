import type { BrokerUnderTest } from './broker-under-test.ts';
import type { Cell } from './figures-table.ts';
import { Fleet } from './fleet.ts';
import { cpuDuring } from './process-usage.ts';
import { shares } from './publish-bench.ts';

export const CONNECT_COLUMNS = ['what', 'connects/s', 'CPU µs a connect', 'of it'];
const CONCURRENCY = 16;

/** CPU of every part for one TLS 1.3 connect (P-256, full handshake) with a password, and the disconnect after it. */
export async function benchConnect(broker: BrokerUnderTest, label: string): Promise<Cell[]> {
  await using fleet = new Fleet();
  let milliseconds = await Promise.resolve(0);
  const usage = await cpuDuring(await broker.processes(), async () => {
    milliseconds = await fleet.connect({ ...broker, concurrency: CONCURRENCY });
    await fleet.end();
  });
  const connects = broker.clients.length;
  return [
    label,
    (connects / milliseconds) * 1_000,
    [...usage.values()].reduce((sum, used) => sum + used, 0) / connects,
    shares(usage, connects),
  ];
}

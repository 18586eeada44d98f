import type { BrokerUnderTest } from './broker-under-test.ts';
import type { Cell } from './figures-table.ts';
import { Fleet } from './fleet.ts';
import { cpuDuring } from './process-usage.ts';

export const PUBLISH_COLUMNS = [
  'what',
  'QoS',
  'messages/s',
  'CPU µs a message',
  'of it',
  'PUBACK p50, p99 ms',
];
const CONNECTIONS = 100;
const PER_SECOND = 10_000;
const SECONDS = 10;
const WARM_UP_SECONDS = 3;

/** CPU of every part for one message: 10,000 a second over 100 TLS connections, 128-byte payloads. */
export async function benchPublish(broker: BrokerUnderTest, qos: 0 | 1): Promise<Cell[]> {
  await using fleet = new Fleet();
  await fleet.ask('connect', { ...broker, clients: broker.clients.slice(0, CONNECTIONS), concurrency: 8 });
  const load = { qos, perSecond: PER_SECOND, payloadBytes: 128, topic: 'up/bench' } as const;
  await fleet.ask('publish', { ...load, seconds: WARM_UP_SECONDS });

  let result = await Promise.resolve({ sent: 0, acknowledged: 0, p50Ms: 0, p99Ms: 0 });
  const startedAt = performance.now();
  const usage = await cpuDuring(await broker.processes(), async () => {
    result = await fleet.ask('publish', { ...load, seconds: SECONDS });
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  await fleet.ask('end');
  if (qos === 1 && result.acknowledged !== result.sent) {
    throw new Error(`${broker.name}: ${result.acknowledged} of ${result.sent} messages were acknowledged`);
  }
  return [
    broker.name,
    String(qos),
    Math.round(result.sent / seconds),
    [...usage.values()].reduce((sum, used) => sum + used, 0) / result.sent,
    shares(usage, result.sent),
    qos === 1 ? `${result.p50Ms.toFixed(1)}, ${result.p99Ms.toFixed(1)}` : '',
  ];
}

/** `edge 31, nats 12`: what used at least a tenth of a microsecond. */
export function shares(usage: ReadonlyMap<string, number>, operations: number): string {
  return [...usage]
    .map(([name, used]) => [name, used / operations] as const)
    .filter(([, each]) => each >= 0.1)
    .map(([name, each]) => `${name} ${each >= 10 ? each.toFixed(0) : each.toFixed(1)}`)
    .join(', ');
}

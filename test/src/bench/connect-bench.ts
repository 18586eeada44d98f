import type { BrokerUnderTest } from './broker-under-test.ts';
import { Fleet } from './fleet.ts';
import type { ConnectResult } from './mqtt-load.ts';
import { cpuDuring } from './process-usage.ts';

export interface ConnectFigures {
  readonly connectsPerSecond: number;
  /** Microseconds of each part for one connect, and the disconnect after it. */
  readonly cpuOfPart: ReadonlyMap<string, number>;
  readonly cpu: number;
  /** Share of the TLS handshakes that resumed a session. */
  readonly resumedShare: number;
}

const CONCURRENCY = 16;

/** CPU of every part for one TLS 1.3 connect with a password, and the disconnect after it. */
export async function measureConnects(broker: BrokerUnderTest): Promise<ConnectFigures> {
  await using fleet = new Fleet();
  return await measured(fleet, broker, false);
}

/** The same by devices that have connected before, each with the ticket it got then. */
export async function measureResumedConnects(broker: BrokerUnderTest): Promise<ConnectFigures> {
  await using fleet = new Fleet();
  await fleet.ask('connect', { ...broker, concurrency: CONCURRENCY });
  await fleet.ask('end');
  return await measured(fleet, broker, true);
}

async function measured(fleet: Fleet, broker: BrokerUnderTest, isResuming: boolean): Promise<ConnectFigures> {
  let result = await Promise.resolve<ConnectResult>({ milliseconds: 0, resumed: 0 });
  const usage = await cpuDuring(await broker.processes(), async () => {
    result = await fleet.ask('connect', { ...broker, concurrency: CONCURRENCY, isResuming });
    await fleet.ask('end');
  });
  const connects = broker.clients.length;
  const cpuOfPart = new Map([...usage].map(([name, used]) => [name, used / connects]));
  return {
    connectsPerSecond: (connects / result.milliseconds) * 1_000,
    cpuOfPart,
    cpu: [...cpuOfPart.values()].reduce((sum, used) => sum + used, 0),
    resumedShare: result.resumed / connects,
  };
}

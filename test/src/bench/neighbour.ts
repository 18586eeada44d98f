import { ProgramProcess } from '../program-process.ts';
import type { BrokerUnderTest } from './broker-under-test.ts';
import type { ConnectProbe } from './connect-probe.ts';
import { reasonsInWords, sumByReason, type CountsByReason } from './counts-by-reason.ts';
import type { Cell } from './figures-table.ts';
import { percentileOf } from './latencies.ts';
import { StolenTime } from './stolen-time.ts';

export const NEIGHBOUR_COLUMNS = [
  'meanwhile at another gateway',
  'connects',
  'p50, p99 ms',
  'failed',
  'of the processors taken by other machines',
];

interface Meanwhile {
  readonly milliseconds: readonly number[];
  readonly failures: CountsByReason;
  /** Of the processors, 0 to 1. */
  readonly stolen: number;
  readonly seconds: number;
}

/** Devices of another gateway, which go on connecting. */
export class Neighbour implements AsyncDisposable {
  readonly #probe = new ProgramProcess<ConnectProbe>('bench/connect-probe.js');
  #parts: Meanwhile[] = [];
  #since = performance.now();

  private constructor(private readonly stolen: StolenTime) {}

  static async start({ host, port, ca, clients }: BrokerUnderTest): Promise<Neighbour> {
    const neighbour = new Neighbour(await StolenTime.start());
    await neighbour.#probe.ask('start', { host, port, ca, devices: clients, pauseMs: 50 });
    return neighbour;
  }

  /** Of the connects since the last part. */
  async part(): Promise<Cell[]> {
    const { milliseconds, failures } = await this.#probe.ask('take');
    const now = performance.now();
    this.#parts.push({
      milliseconds,
      failures,
      stolen: await this.stolen.take(),
      seconds: (now - this.#since) / 1_000,
    });
    this.#since = now;
    return neighbourCells(this.#parts.slice(-1));
  }

  /** Of all connects since it was asked last, whatever parts they came in. */
  async take(): Promise<Cell[]> {
    await this.part();
    const parts = this.#parts;
    this.#parts = [];
    return neighbourCells(parts);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#probe[Symbol.asyncDispose]();
  }
}

function neighbourCells(parts: readonly Meanwhile[]): Cell[] {
  const milliseconds = parts.flatMap((part) => part.milliseconds);
  const sum = (read: (part: Meanwhile) => number): number =>
    parts.reduce((total, part) => total + read(part), 0);
  const stolen = sum((part) => part.stolen * part.seconds) / sum((part) => part.seconds);
  return [
    milliseconds.length,
    `${percentileOf(milliseconds, 0.5).toFixed(0)}, ${percentileOf(milliseconds, 0.99).toFixed(0)}`,
    reasonsInWords(sumByReason(parts.map(({ failures }) => failures))),
    `${(stolen * 100).toFixed(1)} %`,
  ];
}

import { readFile } from 'node:fs/promises';

interface Ticks {
  readonly total: number;
  readonly stolen: number;
}

/**
 * How much of a virtual machine's processors its host gave to others: figures taken meanwhile are not those of the
 * machine. Zero where Linux does not tell (`steal`, proc_stat(5)).
 */
export class StolenTime {
  #before: Ticks;

  private constructor(before: Ticks) {
    this.#before = before;
  }

  static async start(): Promise<StolenTime> {
    return new StolenTime(await ticks());
  }

  /** Share since the last time, 0 to 1. */
  async take(): Promise<number> {
    const before = this.#before;
    const now = await ticks();
    this.#before = now;
    return (now.stolen - before.stolen) / Math.max(1, now.total - before.total);
  }
}

async function ticks(): Promise<Ticks> {
  const stat = await readFile('/proc/stat', 'utf8').catch(() => '');
  const [, ...fields] = (stat.split('\n')[0] ?? '').trim().split(/\s+/u).map(Number);
  // user, nice, system, idle, iowait, irq, softirq, steal; what follows is part of user and nice.
  const counted = fields.slice(0, 8);
  return { total: counted.reduce((sum, each) => sum + each, 0), stolen: counted[7] ?? 0 };
}

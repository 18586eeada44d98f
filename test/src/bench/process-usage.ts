import { readFile } from 'node:fs/promises';
import { runProgram } from '@gatehouse/local-servers';

const MICROSECONDS_PER_SECOND = 1_000_000;
const KIB = 1_024;

let ticksPerSecond: number | undefined;

/**
 * CPU time that a process has used, user and system, in microseconds, with that of its children that have
 * ended (proc(5): utime, stime, cutime, cstime).
 */
async function cpuMicroseconds(pid: number): Promise<number> {
  ticksPerSecond ??= Number(await runProgram('getconf', ['CLK_TCK']));
  const ticks = (await statFields(pid)).slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return (ticks / ticksPerSecond) * MICROSECONDS_PER_SECOND;
}

/** Resident memory of a process in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * KIB;
}

/** The processes that a process has started, and theirs: PostgreSQL works in children. */
export async function processTree(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const pids = children.split(' ').filter((text) => text !== '');
  return [pid, ...(await Promise.all(pids.map((child) => processTree(Number(child))))).flat()];
}

/** What follows the program's name, which may hold spaces. */
async function statFields(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
}

/** A named group of processes under measurement. */
export interface Measured {
  readonly name: string;
  readonly pids: readonly number[];
}

/** Microseconds of CPU that each group used while `work` ran. */
export async function cpuDuring(
  groups: readonly Measured[],
  work: () => Promise<void>,
): Promise<Map<string, number>> {
  const before = await usageOf(groups);
  await work();
  const after = await usageOf(groups);
  return new Map(groups.map(({ name }) => [name, (after.get(name) ?? 0) - (before.get(name) ?? 0)]));
}

async function usageOf(groups: readonly Measured[]): Promise<Map<string, number>> {
  const usage = new Map<string, number>();
  for (const { name, pids } of groups) {
    let total = 0;
    for (const pid of pids) {
      for (const member of await processTree(pid)) total += await cpuMicroseconds(member).catch(() => 0);
    }
    usage.set(name, total);
  }
  return usage;
}

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { dirname, join } from 'node:path';

/** Where the first version of cgroups has its CPU controller, and the second all of them. */
const HIERARCHIES = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpu,cpuacct', '/sys/fs/cgroup'];
const NICENESS = 10;
/** The number of the process that made the group comes behind it. */
const GROUP_PREFIX = 'gatehouse-bench-';

/**
 * Processes of a bench that in the field have a machine of their own, and here must not hold up what they load:
 * they run when nobody else wants to.
 *
 * For that they need a control group (`cpu.idle`, Linux 5.15 and root). Elsewhere they are only nice, and hold up
 * others for the rest of their slice: a millisecond or two each time that somebody else has something to do.
 */
export class ProcessesElsewhere implements Disposable {
  #group = makeIdleGroup();

  /** In words. */
  get how(): string {
    return this.#group === undefined ? `nice ${NICENESS}` : 'a control group with cpu.idle';
  }

  /**
   * Where Linux groups processes by session (`sched_autogroup_enabled`, sched(7)), a nice value counts only among
   * those of one session, and each service of Gatehouse has one.
   *
   * @param pid of one that leads a session
   */
  add(pid: number): void {
    if (this.#group !== undefined) {
      try {
        writeFileSync(join(this.#group, 'cgroup.procs'), String(pid));
        return;
      } catch {
        // A container may let groups be made, and nobody join them.
        this[Symbol.dispose]();
      }
    }
    setPriority(pid, NICENESS);
    const autogroup = `/proc/${pid}/autogroup`;
    if (existsSync(autogroup)) writeFileSync(autogroup, String(NICENESS));
  }

  [Symbol.dispose](): void {
    if (this.#group !== undefined) removeGroup(this.#group);
    this.#group = undefined;
  }
}

/** Whoever is still in it goes back to where it came from. */
function removeGroup(group: string): void {
  const members = readFileSync(join(group, 'cgroup.procs'), 'utf8').trim();
  for (const pid of members === '' ? [] : members.split('\n')) {
    try {
      writeFileSync(join(dirname(group), 'cgroup.procs'), pid);
    } catch {
      // It has just ended.
    }
  }
  rmdirSync(group);
}

/** Of benches that were killed. */
function removeLeftovers(hierarchy: string): void {
  for (const name of existsSync(hierarchy) ? readdirSync(hierarchy) : []) {
    if (!name.startsWith(GROUP_PREFIX)) continue;
    if (!existsSync(`/proc/${name.slice(GROUP_PREFIX.length)}`)) removeGroup(join(hierarchy, name));
  }
}

function makeIdleGroup(): string | undefined {
  for (const hierarchy of HIERARCHIES) {
    const group = join(hierarchy, `${GROUP_PREFIX}${process.pid}`);
    removeLeftovers(hierarchy);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    const isIdle = join(group, 'cpu.idle');
    if (existsSync(isIdle)) {
      writeFileSync(isIdle, '1');
      if (readFileSync(isIdle, 'utf8').trim() === '1') return group;
    }
    rmdirSync(group);
  }
  return undefined;
}

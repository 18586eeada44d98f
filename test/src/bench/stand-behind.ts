import { existsSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const AUTOGROUP = '/proc/self/autogroup';

/**
 * Puts this process behind all others, as if it had a machine of its own.
 *
 * Where Linux groups processes by session (`sched_autogroup_enabled`, sched(7)), a nice value counts only among
 * those of one session, and each service of Gatehouse has one: the process has to lead a session too, whose
 * group is put behind.
 *
 * @param niceness 0 to 19
 */
export function standBehind(niceness: number): void {
  setPriority(niceness);
  if (existsSync(AUTOGROUP)) writeFileSync(AUTOGROUP, String(niceness));
}

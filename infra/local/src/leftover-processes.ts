import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLineOf } from '@gatehouse/local-servers';
import { recordedProcesses } from './run-file.ts';

const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 50;

/**
 * Ends the processes that a former start of this data directory recorded and did not end itself: when it was
 * killed, and the guardian of its children too. A recorded id counts only while the process still names the
 * data directory on its command line.
 */
export async function endLeftovers(runFile: string, dataDirectory: string): Promise<void> {
  const pids = recordedProcesses(await readFile(runFile, 'utf8').catch(() => ''));
  for (const pid of pids.toReversed()) await end(pid, dataDirectory);
  await rm(runFile, { force: true });
}

async function end(pid: number, dataDirectory: string): Promise<void> {
  const isOurs = async (): Promise<boolean> =>
    (await commandLineOf(pid))?.includes(dataDirectory) === true && pid !== process.pid;
  if (!(await isOurs())) return;
  // PostgreSQL would wait for its clients on SIGTERM; to all others SIGINT says the same.
  kill(pid, 'SIGINT');
  const deadline = performance.now() + PATIENCE_MS;
  while (await isOurs()) {
    if (performance.now() > deadline) kill(pid, 'SIGKILL');
    await sleep(LOOK_EVERY_MS);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in the meantime.
  }
}

import { readFile } from 'node:fs/promises';
import { runProgram } from './run-program.ts';

/**
 * How a running process was called, its arguments separated by spaces; undefined when there is no such
 * process. Tells a process that we left behind from a stranger that got its number.
 */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    const text =
      process.platform === 'linux'
        ? (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
        : await runProgram('ps', ['-ww', '-o', 'command=', '-p', String(pid)], 5_000);
    // A process that has ended and waits for its parent has no command line any more.
    return text.trim() === '' ? undefined : text.trim();
  } catch {
    return undefined;
  }
}

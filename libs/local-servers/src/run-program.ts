import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program to its end and gives its standard output. */
export async function runProgram(
  command: string,
  args: readonly string[],
  timeoutMs = 120_000,
): Promise<string> {
  const { stdout } = await execute(command, [...args], { timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

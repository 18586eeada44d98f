import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program to its end in an environment of its own and gives its standard output. */
export async function runWith(
  environment: NodeJS.ProcessEnv,
  command: string,
  args: readonly string[],
): Promise<string> {
  const { stdout } = await execute(command, [...args], { env: environment, timeout: 60_000 });
  return stdout;
}

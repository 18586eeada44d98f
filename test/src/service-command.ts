import { readFile } from 'node:fs/promises';
import type { RunningGatehouse } from './running-gatehouse.ts';

/** How a Gatehouse starts a service. */
export interface ServiceCommand {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** As the running one was started; Linux only, where /proc tells. */
export async function serviceCommandOf(
  gatehouse: RunningGatehouse,
  service: string,
): Promise<ServiceCommand> {
  const [pid] = await gatehouse.pidsOf(service);
  const [command = '', ...rest] = await zeroSeparated(`/proc/${pid}/cmdline`);
  const environment = (await zeroSeparated(`/proc/${pid}/environ`)).map((each) => {
    const at = each.indexOf('=');
    return [each.slice(0, at), each.slice(at + 1)];
  });
  return { command, arguments: rest, environment: Object.fromEntries(environment) };
}

async function zeroSeparated(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\0').filter((each) => each !== '');
}

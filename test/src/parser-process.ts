import { readFile } from 'node:fs/promises';
import { freePort, ManagedProcess, projectDirectory } from '@gatehouse/local-servers';
import type { RunningGatehouse } from './running-gatehouse.ts';

/** How a Gatehouse starts its parser. */
export interface ParserCommand {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** As the running one was started; Linux only, where /proc tells. */
export async function parserCommandOf(gatehouse: RunningGatehouse): Promise<ParserCommand> {
  const [pid] = await gatehouse.pidsOf('parser');
  const [command = '', ...rest] = await zeroSeparated(`/proc/${pid}/cmdline`);
  const environment = (await zeroSeparated(`/proc/${pid}/environ`)).map((each) => {
    const at = each.indexOf('=');
    return [each.slice(0, at), each.slice(at + 1)];
  });
  return { command, arguments: rest, environment: Object.fromEntries(environment) };
}

/** One more instance of the parser beside that of a running Gatehouse. */
export class ParserProcess implements AsyncDisposable {
  private constructor(
    private readonly managed: ManagedProcess,
    private readonly url: string,
  ) {}

  static async start({ environment, ...program }: ParserCommand): Promise<ParserProcess> {
    const port = String(await freePort());
    const managed = await ManagedProcess.start({
      ...program,
      spawn: { cwd: projectDirectory, env: { ...environment, HTTP_PORT: port } },
      stopSignal: 'SIGTERM',
    });
    return new ParserProcess(managed, `http://127.0.0.1:${port}`);
  }

  /** Messages that it has parsed; 0 while it starts. */
  async parsed(): Promise<number> {
    try {
      const text = await (await fetch(`${this.url}/metrics`)).text();
      return Number(
        /^gatehouse_parser_messages_total\{[^}]*outcome="parsed"[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0,
      );
    } catch {
      return 0;
    }
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    this.managed.kill();
    await this.managed.ended();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.managed.stop();
  }
}

async function zeroSeparated(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\0').filter((each) => each !== '');
}

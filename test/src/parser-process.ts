import { freePort, ManagedProcess, projectDirectory } from '@gatehouse/local-servers';
import type { ServiceCommand } from './service-command.ts';

/** One more instance of the parser beside that of a running Gatehouse. */
export class ParserProcess implements AsyncDisposable {
  private constructor(
    private readonly managed: ManagedProcess,
    private readonly url: string,
  ) {}

  static async start({ environment, ...program }: ServiceCommand): Promise<ParserProcess> {
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

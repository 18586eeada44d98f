import { freePort, ManagedProcess, projectDirectory } from '@gatehouse/local-servers';
import { eventually } from '@gatehouse/testing';
import type { ServiceCommand } from './service-command.ts';

/** One more instance of auth beside that of a running Gatehouse. */
export class AuthProcess implements AsyncDisposable {
  private constructor(private readonly managed: ManagedProcess) {}

  /** Resolves when it answers questions. */
  static async start({ environment, ...program }: ServiceCommand): Promise<AuthProcess> {
    const port = String(await freePort());
    const managed = await ManagedProcess.start({
      ...program,
      spawn: { cwd: projectDirectory, env: { ...environment, HTTP_PORT: port } },
      stopSignal: 'SIGTERM',
    });
    await eventually(async () => {
      const response = await fetch(`http://127.0.0.1:${port}/readyz`);
      if (!response.ok) throw new Error(`${await response.text()}\n${managed.lastLines.join('\n')}`);
    }, 60_000);
    return new AuthProcess(managed);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.managed.stop();
  }
}

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectDirectory } from '@gatehouse/local-servers';
import type { ConnectLoadOptions, ConnectLoadRequest, ConnectSample } from './connect-load-process.ts';

export type { ConnectLoadOptions, ConnectSample } from './connect-load-process.ts';

/** Clients that connect at a fixed rate, in a process of their own. */
export class ConnectLoad implements AsyncDisposable {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static start(options: ConnectLoadOptions): ConnectLoad {
    const child = fork(join(projectDirectory, 'test/dist/connect-load-process.js'), { execArgv: [] });
    child.send({ type: 'start', options } satisfies ConnectLoadRequest);
    return new ConnectLoad(child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Begins no more connects; resolves when all are through, with every one in the order in which they began. */
  async stop(): Promise<readonly ConnectSample[]> {
    const answered = once(this.#child, 'message') as Promise<[readonly ConnectSample[]]>;
    this.#child.send({ type: 'stop' } satisfies ConnectLoadRequest);
    const [samples] = await answered;
    return samples;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

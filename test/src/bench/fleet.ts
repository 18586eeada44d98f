import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectDirectory } from '@gatehouse/local-servers';
import type {
  ConnectResult,
  LoadAnswer,
  LoadOptions,
  LoadRequest,
  PublishOptions,
  PublishResult,
} from './mqtt-load.ts';

/** A fleet of devices in a process of its own. */
export class Fleet implements AsyncDisposable {
  readonly #child: ChildProcess = fork(join(projectDirectory, 'test/dist/bench/mqtt-load.js'), {
    execArgv: [],
  });

  async connect(options: LoadOptions): Promise<ConnectResult> {
    const answer = await this.#ask({ type: 'connect', options });
    if (answer.type !== 'connected') throw new Error(`the fleet answered ${answer.type}`);
    return answer.result;
  }

  async publish(options: PublishOptions): Promise<PublishResult> {
    const answer = await this.#ask({ type: 'publish', options });
    if (answer.type !== 'published') throw new Error(`the fleet answered ${answer.type}`);
    return answer.result;
  }

  /** Connects and subscribes every client to everything, at QoS 0. */
  async subscribeToAll(options: LoadOptions): Promise<void> {
    await this.connect(options);
    await this.#ask({ type: 'subscribe' });
  }

  async end(): Promise<void> {
    await this.#ask({ type: 'end' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.disconnect();
    await once(this.#child, 'exit');
  }

  async #ask(request: LoadRequest): Promise<LoadAnswer> {
    const answered = once(this.#child, 'message') as Promise<[LoadAnswer]>;
    this.#child.send(request);
    const [answer] = await answered;
    if (answer.type === 'failed') throw new Error(`the fleet failed: ${answer.message}`);
    return answer;
  }
}

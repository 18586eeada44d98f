import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@gatehouse/observability';
import type { HostReply, HostRequest } from './trial-host-process.ts';
import type { TrialOrder } from './trial-order.ts';
import type { TrialEnding, TrialProcessLimits } from './trial-processes.ts';

const FILE = fileURLToPath(new URL('./trial-host-process.js', import.meta.url));
const HEAP_MB = 64;
const BROKEN: TrialEnding = { messages: [], ending: 'broken' };

/**
 * Has trials run in processes of their own, by a host process that it starts at once: from then on this process
 * starts no other, where Node's permission model is on. Without its host a parser answers that trials are broken,
 * until it starts anew; what is live goes on.
 */
export class TrialHost {
  readonly #host: ChildProcess;
  readonly #waiting = new Map<number, (ended: TrialEnding | undefined) => void>();
  #requests = 0;

  constructor(
    { processes, timeoutMs }: TrialProcessLimits,
    private readonly logger: Logger,
  ) {
    this.#host = fork(FILE, [String(processes), String(timeoutMs)], {
      env: {},
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // Undefined without the permission model.
    const { permission } = process as { permission?: typeof process.permission };
    permission?.drop('child');
    this.#host.on('message', ({ id, ended }: HostReply) => this.#answered(id, ended));
    this.#host.once('exit', () => this.#lost());
    this.#host.once('error', (error) =>
      this.logger.error({ err: error }, 'the host of trials cannot be started'),
    );
    this.#host.unref();
    this.#host.channel?.unref();
  }

  /** Called by Nest when the service stops. */
  onModuleDestroy(): void {
    this.#host.removeAllListeners('exit');
    if (this.#host.connected) this.#host.disconnect();
  }

  /** @returns undefined when as many as may be at once are at work */
  async run(order: TrialOrder): Promise<TrialEnding | undefined> {
    if (!this.#host.connected) return BROKEN;
    const id = (this.#requests += 1);
    const { promise, resolve } = Promise.withResolvers<TrialEnding | undefined>();
    this.#waiting.set(id, resolve);
    const request: HostRequest = { id, order };
    this.#host.send(request, (error) => {
      if (error !== null) this.#answered(id, BROKEN);
    });
    const ended = await promise;
    if (ended?.ending === 'timed out' || ended?.ending === 'broken') {
      this.logger.warn({ ending: ended.ending }, 'a trial of a parsing script did not come to its end');
    }
    return ended;
  }

  #answered(id: number, ended: TrialEnding | undefined): void {
    this.#waiting.get(id)?.(ended);
    this.#waiting.delete(id);
  }

  #lost(): void {
    this.logger.error('the host of trials ended; scripts are tried again when the parser starts anew');
    for (const id of this.#waiting.keys()) this.#answered(id, BROKEN);
  }
}

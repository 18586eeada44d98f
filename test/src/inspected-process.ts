import { once } from 'node:events';
import { eventually } from '@gatehouse/testing';
import { z } from 'zod';

/** In the environment of a process that is to be inspected. */
export const INSPECTABLE = { NODE_OPTIONS: '--inspect-port=0' };

const heapUsage = z.object({ usedSize: z.number(), backingStorageSize: z.number() });
const reply = z.object({ id: z.number(), result: z.unknown() });

/** A process of Node by its inspector, which it opens when it is sent SIGUSR1. */
export class InspectedProcess implements Disposable {
  #requests = 0;

  private constructor(private readonly socket: WebSocket) {}

  /**
   * @param pid of a process with {@link INSPECTABLE}
   * @param lines that it has written and goes on to write; no other process may open its inspector meanwhile
   */
  static async open(pid: number, lines: readonly string[]): Promise<InspectedProcess> {
    const seen = lines.length;
    process.kill(pid, 'SIGUSR1');
    const url = await eventually(() => {
      const found = /Debugger listening on (ws:\/\/[^\s"]+)/.exec(lines.slice(seen).join('\n'))?.[1];
      if (found === undefined) throw new Error(`process ${pid} has not opened its inspector`);
      return found;
    });
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new InspectedProcess(socket);
  }

  /** Bytes of the objects and buffers of JavaScript that are in use, after garbage is collected. */
  async heapBytes(): Promise<number> {
    await this.#ask('HeapProfiler.enable');
    await this.#ask('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize } = heapUsage.parse(await this.#ask('Runtime.getHeapUsage'));
    return usedSize + backingStorageSize;
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }

  async #ask(method: string): Promise<unknown> {
    this.#requests += 1;
    const id = this.#requests;
    this.socket.send(JSON.stringify({ id, method }));
    for (;;) {
      const [event] = (await once(this.socket, 'message')) as [MessageEvent];
      const answer = reply.safeParse(JSON.parse(String(event.data)));
      if (answer.success && answer.data.id === id) return answer.data.result;
    }
  }
}

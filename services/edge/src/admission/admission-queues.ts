import { AdmissionQueue } from './admission-queue.ts';
import type { Patience } from './client-turns.ts';

/** A queue for each gateway: what waits for one gateway's authenticator is in nobody else's way. */
export class AdmissionQueues {
  readonly #byGateway = new Map<string, AdmissionQueue>();

  /** @param concurrency of each gateway, as `maxWaiting` */
  constructor(
    readonly concurrency: number,
    readonly maxWaiting: number,
  ) {}

  /** Over all gateways. */
  get length(): number {
    let length = 0;
    for (const queue of this.#byGateway.values()) length += queue.length;
    return length;
  }

  isStuck(gatewayId: string): boolean {
    return this.#byGateway.get(gatewayId)?.isStuck ?? false;
  }

  /** @throws as {@link AdmissionQueue.run} */
  async run<T>(gatewayId: string, patience: Patience, admit: () => Promise<T>): Promise<T> {
    const queue = this.#byGateway.get(gatewayId) ?? new AdmissionQueue(this.concurrency, this.maxWaiting);
    this.#byGateway.set(gatewayId, queue);
    try {
      return await queue.run(patience, admit);
    } finally {
      if (queue.isIdle) this.#byGateway.delete(gatewayId);
    }
  }
}

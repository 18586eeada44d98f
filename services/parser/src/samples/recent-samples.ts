import {
  PARSING_SAMPLES_STREAM,
  parsingSample,
  parsingSampleSubject,
  type ParsingSample,
} from '@gatehouse/contracts';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const MOST = PARSING_SAMPLES_STREAM.maxMessagesPerSubject ?? 100;

/** What was kept of a product's messages. */
export class RecentSamples {
  #manager: Promise<JetStreamManager> | undefined;

  constructor(private readonly nats: NatsConnection) {}

  /** Newest first; none when nothing was kept. */
  async last(productKey: string, count: number): Promise<ParsingSample[]> {
    const manager = await this.#opened();
    const found: ParsingSample[] = [];
    const { promise: read, resolve, reject } = Promise.withResolvers<void>();
    await manager.direct.getBatch(PARSING_SAMPLES_STREAM.name, {
      seq: 1,
      batch: MOST,
      next_by_subj: parsingSampleSubject(productKey),
      // Unlike the iterator, this unsubscribes when it is done.
      callback: (done, message) => {
        if (done === null) found.push(parsingSample.parse(message.json()));
        else if (done.err === undefined || isNothing(done.err)) resolve();
        else reject(done.err);
      },
    });
    await read;
    return found.slice(-count).toReversed();
  }

  /** Those of a product that is gone. */
  async forget(productKey: string): Promise<void> {
    const manager = await this.#opened();
    await manager.streams.purge(PARSING_SAMPLES_STREAM.name, { filter: parsingSampleSubject(productKey) });
  }

  #opened(): Promise<JetStreamManager> {
    // Nothing is asked of the server before it is needed.
    this.#manager ??= jetstreamManager(this.nats, { checkAPI: false });
    return this.#manager;
  }
}

const isNothing = (error: Error): boolean => 'code' in error && error.code === 404;

import {
  PARSING_SAMPLES_STREAM,
  parsingSample,
  parsingSampleSubject,
  type ParsingSample,
} from '@gatehouse/contracts';
import { storedMessages } from '@gatehouse/nats';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

const MOST = PARSING_SAMPLES_STREAM.maxMessagesPerSubject ?? 100;

/** What was kept of a product's messages. */
export class RecentSamples {
  #manager: Promise<JetStreamManager> | undefined;

  constructor(private readonly nats: NatsConnection) {}

  /** Newest first; none when nothing was kept. */
  async last(productKey: string, count: number): Promise<ParsingSample[]> {
    const stored = await storedMessages(await this.#opened(), PARSING_SAMPLES_STREAM.name, {
      seq: 1,
      batch: MOST,
      next_by_subj: parsingSampleSubject(productKey),
    });
    return stored
      .slice(-count)
      .toReversed()
      .map((message) => parsingSample.parse(message.json()));
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

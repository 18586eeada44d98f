import {
  PARSING_FAILURES_STREAM,
  parsingFailureFilter,
  registryEvent,
  registryEventSubject,
  textOfSubjectToken,
} from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { RecentSamples } from './recent-samples.ts';

const PRODUCT_EVENTS = `${registryEventSubject('product')}.`;
/** Messages of the product that are on their way when it is deleted may leave something for so long. */
const STRAGGLERS_MS = 5_000;

/**
 * Samples and failed messages go when their product goes. While no parser is there to hear of it they stay until
 * they are too old.
 */
export class DeletedProducts {
  readonly #subscription: Subscription;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly nats: NatsConnection,
    private readonly samples: RecentSamples,
    private readonly logger: Logger,
  ) {
    this.#subscription = nats.subscribe(`${PRODUCT_EVENTS}>`, {
      callback: (_error, message) => this.#heard(message),
    });
  }

  /** Called by Nest when the service stops. */
  onModuleDestroy(): void {
    this.#subscription.unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #heard(message: Msg): void {
    if (!isDeletion(message)) return;
    const productKey = textOfSubjectToken(message.subject.slice(PRODUCT_EVENTS.length));
    void this.#forget(productKey);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#forget(productKey);
    }, STRAGGLERS_MS);
    this.#timers.add(timer);
  }

  async #forget(productKey: string): Promise<void> {
    try {
      await this.samples.forget(productKey);
      const manager = await jetstreamManager(this.nats, { checkAPI: false });
      const filter = parsingFailureFilter(productKey);
      await manager.streams.purge(PARSING_FAILURES_STREAM.name, { filter });
    } catch (error) {
      this.logger.warn(
        { err: error, productKey },
        'samples or failed messages of a deleted product are kept until they are too old',
      );
    }
  }
}

function isDeletion(message: Msg): boolean {
  try {
    return registryEvent.parse(message.json()).type === 'ProductDeleted';
  } catch {
    return false;
  }
}

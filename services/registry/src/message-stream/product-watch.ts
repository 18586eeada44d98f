import { watchedMessage, watchedSubject, watchProduct, type WatchedMessage } from '@gatehouse/contracts';
import { CountedTotal, type Logger } from '@gatehouse/observability';
import { errors, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { pauseUnlessAborted } from '../background/back-off.ts';

/** For how long parsers are asked to copy; asked again well before it ends. */
const WATCH_SECONDS = 10;
const RENEW_MS = 2_500;
/** Between attempts while no parser answers. */
const RETRY_MS = 500;
/** Parsers are many and answer when they are free: this long after the last answer all have. */
const STALL_MS = 200;

/** What a product's devices publish, from the moment that {@link ready} resolves. */
export interface Watching {
  /** Resolves when at least one parser copies; rejects when the watch is given up before. */
  readonly ready: Promise<void>;
  stop(): void;
}

interface Watched {
  readonly listeners: Set<(message: WatchedMessage) => void>;
  readonly subscription: Subscription;
  readonly stopped: AbortController;
  readonly ready: Promise<void>;
}

/** Keeps the parsers copying what is watched: one watch a product, however many readers it has. */
export class ProductWatch {
  readonly #watched = new Map<string, Watched>();
  readonly #malformed = new CountedTotal(
    'gatehouse.registry.message_stream.malformed',
    'Copies of messages that break their contract',
  );

  constructor(
    private readonly nats: NatsConnection,
    private readonly logger: Logger,
  ) {}

  watch(productKey: string, listener: (message: WatchedMessage) => void): Watching {
    const watched = this.#watched.get(productKey) ?? this.#start(productKey);
    watched.listeners.add(listener);
    return {
      ready: watched.ready,
      stop: () => {
        watched.listeners.delete(listener);
        if (watched.listeners.size === 0) this.#stop(productKey, watched);
      },
    };
  }

  #start(productKey: string): Watched {
    const listeners = new Set<(message: WatchedMessage) => void>();
    const subscription = this.nats.subscribe(watchedSubject(productKey), {
      callback: (error, message) => {
        if (error !== null) return;
        const parsed = watchedMessage.safeParse(jsonOf(message.string()));
        if (!parsed.success) return this.#malformed.add();
        for (const listener of listeners) listener(parsed.data);
      },
    });
    const stopped = new AbortController();
    const ready = this.#keepAsking(productKey, stopped.signal);
    const watched = { listeners, subscription, stopped, ready };
    this.#watched.set(productKey, watched);
    return watched;
  }

  #stop(productKey: string, watched: Watched): void {
    watched.stopped.abort();
    watched.subscription.unsubscribe();
    if (this.#watched.get(productKey) === watched) this.#watched.delete(productKey);
  }

  /** Resolves with the first round that a parser answered, and goes on until the watch is stopped. */
  #keepAsking(productKey: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    void (async () => {
      while (!signal.aborted) {
        const parsers = await this.#ask(productKey, signal);
        if (parsers > 0) resolve();
        await pauseUnlessAborted(parsers > 0 ? RENEW_MS : RETRY_MS, signal);
      }
      resolve();
    })();
    return promise;
  }

  /** @returns how many parsers answered */
  async #ask(productKey: string, signal: AbortSignal): Promise<number> {
    const request = JSON.stringify({ productKey, seconds: WATCH_SECONDS });
    let parsers = 0;
    try {
      const replies = await this.nats.requestMany(watchProduct.subject, request, {
        strategy: 'stall',
        stall: STALL_MS,
        maxWait: watchProduct.timeoutMs,
      });
      for await (const reply of replies) {
        if (watchProduct.reply.safeParse(jsonOf(reply.string())).success) parsers += 1;
      }
    } catch (error) {
      const isSilence = error instanceof errors.NoRespondersError || error instanceof errors.TimeoutError;
      if (!isSilence && !signal.aborted) {
        this.logger.warn({ err: error, productKey }, 'the parsers could not be asked to copy messages');
      }
    }
    return parsers;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { watchedSubject, type WatchedMessage } from '@gatehouse/contracts';
import { traceparentOf, type Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { ParserConfig } from '../parser.config.ts';
import type { ParsedMessage } from '../uplink/parsed-message.ts';

/** Products watched at once; somebody who asks for one more is not served. */
const MAX_WATCHED = 1_000;

interface Watch {
  /** Milliseconds since 1970. */
  until: number;
  second: number;
  copied: number;
}

/** Copies of what devices publish, raw and parsed, for as long as somebody watches their product. */
export class ProductWatch {
  readonly #watches = new Map<string, Watch>();

  constructor(
    private readonly nats: NatsConnection,
    private readonly config: Pick<ParserConfig, 'PARSER_WATCHED_PER_SECOND'>,
    private readonly metrics: ParserMetrics,
    private readonly logger: Logger,
  ) {}

  /** Begins a watch, or prolongs it. */
  watch(productKey: string, seconds: number, now = Date.now()): void {
    const until = now + seconds * 1_000;
    const watch = this.#watches.get(productKey);
    if (watch !== undefined) {
      watch.until = Math.max(watch.until, until);
    } else if (this.#hasRoom(now)) {
      this.#watches.set(productKey, { until, second: 0, copied: 0 });
    }
  }

  /** Never throws: nobody's watching may stop what is watched. */
  copy(messages: readonly ParsedMessage[], now = Date.now()): void {
    if (this.#watches.size === 0) return;
    for (const message of messages) {
      const watch = this.#watches.get(message.productKey);
      if (watch === undefined) continue;
      if (watch.until <= now) this.#watches.delete(message.productKey);
      else if (this.#takesOneMore(watch, now)) this.#trySend(message);
      else this.metrics.watchedSkipped.add();
    }
  }

  #hasRoom(now: number): boolean {
    if (this.#watches.size < MAX_WATCHED) return true;
    for (const [productKey, { until }] of this.#watches) {
      if (until <= now) this.#watches.delete(productKey);
    }
    return this.#watches.size < MAX_WATCHED;
  }

  #takesOneMore(watch: Watch, now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (watch.second !== second) {
      watch.second = second;
      watch.copied = 0;
    }
    watch.copied += 1;
    return watch.copied <= this.config.PARSER_WATCHED_PER_SECOND;
  }

  #trySend(message: ParsedMessage): void {
    try {
      const text = JSON.stringify(watchedCopyOf(message));
      if (Buffer.byteLength(text) > (this.nats.info?.max_payload ?? Number.POSITIVE_INFINITY)) {
        this.metrics.watchedSkipped.add();
      } else this.nats.publish(watchedSubject(message.productKey), text);
    } catch (error) {
      this.metrics.watchedSkipped.add();
      this.logger.warn({ err: error, messageId: message.messageId }, 'a watched message could not be copied');
    }
  }
}

function watchedCopyOf({ messageId, message, topic, result }: ParsedMessage): WatchedMessage {
  const { outcome, scriptVersion } = result;
  return {
    messageId,
    deviceName: message.deviceName,
    topic,
    qos: message.qos,
    time: new Date(message.receivedAt).toISOString(),
    raw: base64(message.payload),
    outcome,
    ...(result.outcome === 'failed'
      ? { error: { code: result.failure.code, message: result.failure.message } }
      : { payload: base64(result.payload) }),
    ...(scriptVersion === undefined ? {} : { scriptVersion }),
    traceparent: traceparentOf(message.trace),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

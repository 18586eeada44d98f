import { messageSubject } from '@gatehouse/contracts';
import type { GroupMessage, GroupPublisher } from '@gatehouse/nats';
import { traceparentOf, type Logger } from '@gatehouse/observability';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { BusConnection } from './bus-connection.ts';
import { messageHeaderBlock } from './message-headers.ts';
import type { ParsedMessage } from './parsed-message.ts';
import { retryDelayMs, wait } from './retry-delay.ts';

/**
 * Publishes messages to the stream MESSAGES and returns when every single one is stored. A group that was not
 * stored to its end is published again as a whole: each message keeps its id, so the stream takes each once
 * and in the order of the group.
 */
export class MessagePublisher {
  constructor(
    private readonly stream: GroupPublisher,
    private readonly connection: BusConnection,
    private readonly metrics: ParserMetrics,
    private readonly logger: Logger,
  ) {}

  /** @throws the signal's reason when it aborts; some messages may be stored then */
  async storeAll(messages: readonly ParsedMessage[], signal: AbortSignal): Promise<void> {
    const group: GroupMessage[] = [];
    for (const message of messages) {
      if (message.result.outcome === 'failed') message.trace?.failed(message.result.failure);
      else group.push(outgoing(message, message.result));
    }
    for (let attempt = 0; group.length > 0; attempt += 1) {
      await this.connection.up(signal);
      signal.throwIfAborted();
      try {
        await this.#untilInterrupted(this.stream.store(group), signal);
        break;
      } catch (error) {
        signal.throwIfAborted();
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.warn({ messages: group.length, reason }, 'publishing messages again');
        this.metrics.publishRetries.add(group.length);
        await wait(retryDelayMs(attempt), signal);
      }
    }
    for (const { trace, result } of messages) if (result.outcome !== 'failed') trace?.stored();
  }

  /** What a lost connection carried will not be answered, and after an abort nobody waits for the answer. */
  async #untilInterrupted(stored: Promise<void>, signal: AbortSignal): Promise<void> {
    const { promise: interrupted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(new Error('the lease is over'));
    const stopListening = this.connection.onLost(() => reject(new Error('the connection to NATS was lost')));
    signal.addEventListener('abort', abort);
    try {
      await Promise.race([stored, interrupted]);
    } finally {
      stopListening();
      signal.removeEventListener('abort', abort);
    }
  }
}

function outgoing(
  { productKey, message, messageId, topic, trace }: ParsedMessage,
  { payload, scriptVersion }: Exclude<ParsedMessage['result'], { outcome: 'failed' }>,
): GroupMessage {
  const subject = messageSubject(productKey, message.deviceName, topic);
  const traceparent = trace?.publishing(subject) ?? traceparentOf(message.trace);
  return {
    subject,
    payload,
    headerBlock: messageHeaderBlock(message, topic, { messageId, traceparent, scriptVersion }),
  };
}

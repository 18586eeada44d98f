import { messageSubject } from '@gatehouse/contracts';
import type { StreamPublisher } from '@gatehouse/nats';
import { traceparentOf } from '@gatehouse/observability';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { BusConnection } from './bus-connection.ts';
import { messageHeaderBlock } from './message-headers.ts';
import type { ParsedMessage } from './parsed-message.ts';
import { retryDelayMs, wait } from './retry-delay.ts';

interface Outgoing {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headerBlock: string;
  readonly trace: ParsedMessage['trace'];
  isStored: boolean;
}

/**
 * Publishes messages to the stream MESSAGES and returns when every single one is stored. What was not stored
 * is published again in the same order and under the same id, so the stream takes each once.
 */
export class MessagePublisher {
  constructor(
    private readonly stream: StreamPublisher,
    private readonly connection: BusConnection,
    private readonly metrics: ParserMetrics,
  ) {}

  /** @throws the signal's reason when it aborts; some messages may be stored then */
  async storeAll(messages: readonly ParsedMessage[], signal: AbortSignal): Promise<void> {
    let unstored = messages.flatMap(outgoing);
    for (let attempt = 0; unstored.length > 0; attempt += 1) {
      await this.connection.up(signal);
      signal.throwIfAborted();
      await this.#publish(unstored, signal);
      unstored = unstored.filter(({ isStored }) => !isStored);
      if (unstored.length === 0) return;
      this.metrics.publishRetries.add(unstored.length);
      await wait(retryDelayMs(attempt), signal);
    }
  }

  /** Returns when each has its answer, or none will come: what a lost connection carried is not answered. */
  #publish(messages: readonly Outgoing[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      let unanswered = messages.length;
      const stopListening = this.connection.onLost(() => finish());
      const aborted = (): void => {
        stopListening();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', aborted, { once: true });
      const finish = (): void => {
        stopListening();
        signal.removeEventListener('abort', aborted);
        resolve();
      };
      for (const message of messages) {
        this.stream.publish(message.subject, message.payload, message.headerBlock, (refusal) => {
          if (refusal === undefined && !message.isStored) {
            message.isStored = true;
            message.trace?.stored();
          }
          unanswered -= 1;
          if (unanswered === 0) finish();
        });
      }
    });
  }
}

function outgoing({ productKey, message, messageId, topic, result, trace }: ParsedMessage): Outgoing[] {
  if (result.outcome === 'failed') {
    trace?.failed(result.failure);
    return [];
  }
  const subject = messageSubject(productKey, message.deviceName, topic);
  const traceparent = trace?.publishing(subject) ?? traceparentOf(message.trace);
  const headerBlock = messageHeaderBlock(message, topic, {
    messageId,
    traceparent,
    scriptVersion: result.scriptVersion,
  });
  return [{ subject, payload: result.payload, headerBlock, trace, isStored: false }];
}

import { messageSubject } from '@gatehouse/contracts';
import type { GroupMessage, GroupPublisher } from '@gatehouse/nats';
import { traceparentOf, type Logger } from '@gatehouse/observability';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { BusConnection } from './bus-connection.ts';
import { messageHeaderBlock } from './message-headers.ts';
import type { ParsedMessage } from './parsed-message.ts';
import { retryDelayMs, wait } from './retry-delay.ts';

interface Outgoing extends GroupMessage {
  readonly source: ParsedMessage['source'];
}

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

  /** Messages whose partition got lost meanwhile are left to its next owner. */
  async storeAll(messages: readonly ParsedMessage[]): Promise<void> {
    const group: Outgoing[] = [];
    for (const message of messages) {
      if (message.result.outcome === 'failed') message.trace?.failed(message.result.failure);
      else group.push(outgoing(message, message.result));
    }
    for (let attempt = 0; ; attempt += 1) {
      await this.connection.up();
      const ours = group.filter(({ source }) => !source.isAbandoned);
      if (ours.length === 0 || (await this.#isStored(ours))) break;
      this.metrics.publishRetries.add(ours.length);
      await wait(retryDelayMs(attempt));
    }
    for (const { trace, result } of messages) if (result.outcome !== 'failed') trace?.stored();
  }

  async #isStored(group: readonly Outgoing[]): Promise<boolean> {
    // What a lost connection carried will not be answered.
    const { promise: lost, reject } = Promise.withResolvers<never>();
    const stopListening = this.connection.onLost(() => reject(new Error('the connection to NATS was lost')));
    try {
      await Promise.race([this.stream.store(group), lost]);
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn({ messages: group.length, reason }, 'publishing messages again');
      return false;
    } finally {
      stopListening();
    }
  }
}

function outgoing(
  { productKey, message, messageId, topic, source, trace }: ParsedMessage,
  { payload, scriptVersion }: Exclude<ParsedMessage['result'], { outcome: 'failed' }>,
): Outgoing {
  const subject = messageSubject(productKey, message.deviceName, topic);
  const traceparent = trace?.publishing(subject) ?? traceparentOf(message.trace);
  return {
    source,
    subject,
    payload,
    headerBlock: messageHeaderBlock(message, topic, { messageId, traceparent, scriptVersion }),
  };
}

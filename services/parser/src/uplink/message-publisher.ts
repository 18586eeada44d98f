import { messageSubject } from '@gatehouse/contracts';
import { GroupRefused, type GroupMessage, type GroupPublisher } from '@gatehouse/nats';
import { OutageLog, traceparentOf, type Logger } from '@gatehouse/observability';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { BusConnection } from './bus-connection.ts';
import { messageHeaderBlock } from './message-headers.ts';
import { MessageRefused, MessageTooLarge } from './message.failures.ts';
import type { MessageFailure } from './message-failure.ts';
import type { ParsedMessage } from './parsed-message.ts';
import { retryDelayMs, wait } from './retry-delay.ts';

interface Outgoing extends GroupMessage {
  readonly of: ParsedMessage;
}

type Stored = Exclude<ParsedMessage['result'], { outcome: 'failed' }>;

/** Refusals for good of one group in a row, after which its messages are published one by one. */
const MAX_REFUSALS = 3;
/** A message without properties of MQTT 5.0 and with no more payload than this is below every limit. */
const ORDINARY_PAYLOAD_BYTES = 65_536;

/**
 * Publishes messages to the stream MESSAGES and returns when every single one is stored. A group that was not
 * stored to its end is published again as a whole: each message keeps its id, so the stream takes each once
 * and in the order of the group. A message that the stream will never take fails by itself.
 */
export class MessagePublisher {
  readonly #outage: OutageLog;

  constructor(
    private readonly stream: GroupPublisher,
    private readonly connection: BusConnection,
    private readonly metrics: ParserMetrics,
    private readonly logger: Logger,
  ) {
    this.#outage = new OutageLog(logger, {
      failing: 'messages were not stored; they are published again',
      mended: 'messages are stored again',
    });
  }

  /** The same messages; those over a limit of NATS have failed. */
  withoutTooLarge(messages: readonly ParsedMessage[]): readonly ParsedMessage[] {
    return messages.map((message) => {
      const reason =
        message.result.outcome === 'failed' ? undefined : this.#whyTooLarge(message, message.result);
      return reason === undefined ? message : this.#failed(message, new MessageTooLarge(reason));
    });
  }

  /**
   * Messages whose partition got lost meanwhile are left to its next owner.
   *
   * @returns those that the stream refused for good, as failed
   */
  async storeAll(messages: readonly ParsedMessage[]): Promise<readonly ParsedMessage[]> {
    const group: Outgoing[] = [];
    for (const message of messages) {
      if (message.result.outcome === 'failed') message.trace?.failed(message.result.failure);
      else group.push(outgoing(message, message.result));
    }
    const refused = await this.#storeGroup(group);
    for (const { trace, result } of refused) if (result.outcome === 'failed') trace?.failed(result.failure);
    const refusedIds = new Set(refused.map(({ messageId }) => messageId));
    for (const { of } of group) if (!refusedIds.has(of.messageId)) of.trace?.stored();
    return refused;
  }

  async #storeGroup(group: readonly Outgoing[]): Promise<ParsedMessage[]> {
    let refusals = 0;
    for (let attempt = 0; ; attempt += 1) {
      await this.connection.up();
      const ours = group.filter(({ of }) => !of.source.isAbandoned);
      if (ours.length === 0) return [];
      const refusal = await this.#publish(ours);
      if (refusal === undefined) return [];
      refusals = isPermanent(refusal) ? refusals + 1 : 0;
      if (refusals === MAX_REFUSALS) return this.#storeOneByOne(ours);
      this.metrics.publishRetries.add(ours.length);
      await wait(retryDelayMs(attempt));
    }
  }

  async #storeOneByOne(group: readonly Outgoing[]): Promise<ParsedMessage[]> {
    const refused: ParsedMessage[] = [];
    for (const each of group) {
      for (let attempt = 0; ; attempt += 1) {
        await this.connection.up();
        if (each.of.source.isAbandoned) break;
        const refusal = await this.#publish([each]);
        if (refusal === undefined) break;
        if (isPermanent(refusal)) {
          refused.push(this.#failed(each.of, new MessageRefused(refusal.reason)));
          break;
        }
        this.metrics.publishRetries.add();
        await wait(retryDelayMs(attempt));
      }
    }
    return refused;
  }

  /** @returns why the group was not stored to its end */
  async #publish(group: readonly Outgoing[]): Promise<Error | undefined> {
    // What a lost connection carried will not be answered.
    const { promise: lost, reject } = Promise.withResolvers<never>();
    const stopListening = this.connection.onLost(() => reject(new Error('the connection to NATS was lost')));
    try {
      await Promise.race([this.stream.store(group), lost]);
      this.#outage.succeeded();
      return undefined;
    } catch (error) {
      const refusal = error instanceof Error ? error : new Error(String(error));
      const reason = refusal instanceof GroupRefused ? refusal.reason : refusal.message;
      this.#outage.failed(reason, { messages: group.length });
      return refusal;
    } finally {
      stopListening();
    }
  }

  #whyTooLarge(message: ParsedMessage, result: Stored): string | undefined {
    // Nearly every message: what the device chose of its headers is its topic name, which is short.
    if (message.message.properties === undefined && result.payload.length <= ORDINARY_PAYLOAD_BYTES) {
      return undefined;
    }
    return this.stream.whyUnstorable(groupMessage(message, result, traceparentOf(message.message.trace)));
  }

  #failed(message: ParsedMessage, failure: MessageFailure): ParsedMessage {
    const { productKey, messageId, result } = message;
    this.metrics.failures.add(failure.code);
    this.logger.warn(
      { productKey, deviceName: message.message.deviceName, messageId, code: failure.code },
      failure.message,
    );
    return { ...message, result: { outcome: 'failed', failure, scriptVersion: result.scriptVersion } };
  }
}

const isPermanent = (refusal: Error): refusal is GroupRefused =>
  refusal instanceof GroupRefused && refusal.isPermanent;

function outgoing(of: ParsedMessage, result: Stored): Outgoing {
  const { productKey, message, topic, trace } = of;
  const traceparent =
    trace?.publishing(messageSubject(productKey, message.deviceName, topic)) ?? traceparentOf(message.trace);
  return { of, ...groupMessage(of, result, traceparent) };
}

function groupMessage(
  { productKey, message, messageId, topic }: ParsedMessage,
  { payload, scriptVersion }: Stored,
  traceparent: string,
): GroupMessage {
  return {
    subject: messageSubject(productKey, message.deviceName, topic),
    payload,
    headerBlock: messageHeaderBlock(message, topic, { messageId, traceparent, scriptVersion }),
  };
}

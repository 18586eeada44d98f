import { messageSubject } from '@gatehouse/contracts';
import type { GroupMessage, GroupPublisher } from '@gatehouse/nats';
import { OutageLog, traceparentOf, type Logger } from '@gatehouse/observability';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { BusConnection } from './bus-connection.ts';
import { failureRecord } from './failure-record.ts';
import { messageHeaderBlock } from './message-headers.ts';
import { MessageRefused, MessageTooLarge } from './message.failures.ts';
import type { MessageFailure } from './message-failure.ts';
import type { FailedMessage, ParsedMessage } from './parsed-message.ts';
import { StoredGroups, type Outgoing } from './stored-groups.ts';

/** A message without properties of MQTT 5.0 and with no more payload than this is below every limit. */
const ORDINARY_PAYLOAD_BYTES = 65_536;

/**
 * Publishes what became of messages and returns when every single one is stored: in the stream MESSAGES, or,
 * when it failed, in PARSING_FAILURES, or in both when failed messages are forwarded as they are.
 */
export class MessagePublisher {
  readonly #messages: StoredGroups;
  readonly #failures: StoredGroups;

  constructor(
    private readonly stream: GroupPublisher,
    connection: BusConnection,
    private readonly metrics: ParserMetrics,
    private readonly logger: Logger,
  ) {
    this.#messages = new StoredGroups(
      stream,
      connection,
      metrics,
      new OutageLog(logger, {
        failing: 'messages were not stored; they are published again',
        mended: 'messages are stored again',
      }),
    );
    this.#failures = new StoredGroups(
      stream,
      connection,
      metrics,
      new OutageLog(logger, {
        failing: 'failed messages were not kept aside; they are published again',
        mended: 'failed messages are kept aside again',
      }),
    );
  }

  /** The same messages; those over a limit of NATS have failed. */
  withoutTooLarge(messages: readonly ParsedMessage[]): readonly ParsedMessage[] {
    return messages.map((message) => {
      if (message.result.outcome === 'failed') return message;
      const reason = this.#whyTooLarge(message, message.result.payload);
      return reason === undefined ? message : this.#failed(message, new MessageTooLarge(reason));
    });
  }

  /**
   * Messages whose partition got lost meanwhile are left to its next owner.
   *
   * @returns those that the stream refused for good, as failed
   */
  async storeAll(messages: readonly ParsedMessage[]): Promise<readonly FailedMessage[]> {
    const group: Outgoing<ParsedMessage>[] = [];
    const failed: FailedMessage[] = [];
    for (const message of messages) {
      const { result } = message;
      if (result.outcome !== 'failed') {
        group.push(outgoing(message, result.payload));
        continue;
      }
      const failure = { ...message, result };
      failed.push(failure);
      if (this.#isForwarded(failure)) group.push(outgoing(message, message.message.payload));
    }
    const [refused] = await Promise.all([this.#messages.store(group), this.#keepAside(failed)]);
    const refusedNow = refused
      .filter(({ of }) => !isFailed(of))
      .map(({ of, reason }) => this.#failed(of, new MessageRefused(reason)));
    await this.#keepAside(refusedNow);
    const refusedIds = new Set(refusedNow.map(({ messageId }) => messageId));
    for (const { of } of group) if (!isFailed(of) && !refusedIds.has(of.messageId)) of.trace?.stored();
    return refusedNow;
  }

  /** What the stream will not even keep aside is gone: its headers alone are over a limit, or its payload is. */
  async #keepAside(failed: readonly FailedMessage[]): Promise<void> {
    if (failed.length === 0) return;
    const refused = await this.#failures.store(
      failed.map((of) => ({ of, ...failureRecord(of, (record) => this.stream.whyUnstorable(record)) })),
    );
    for (const { trace, result } of failed) trace?.failed(result.failure);
    this.metrics.keptAside.add(failed.length - refused.length);
    this.metrics.notKeptAside.add(refused.length);
    for (const { of, reason } of refused) {
      const { productKey, messageId } = of;
      this.logger.warn({ productKey, messageId, reason }, 'a failed message could not be kept aside');
    }
  }

  #isForwarded(message: FailedMessage): boolean {
    return (
      message.onFailure === 'forward-raw' && this.#whyTooLarge(message, message.message.payload) === undefined
    );
  }

  #whyTooLarge(message: ParsedMessage, payload: Uint8Array): string | undefined {
    // Nearly every message: what the device chose of its headers is its topic name, which is short.
    if (message.message.properties === undefined && payload.length <= ORDINARY_PAYLOAD_BYTES) {
      return undefined;
    }
    return this.stream.whyUnstorable(groupMessage(message, payload, traceparentOf(message.message.trace)));
  }

  #failed(message: ParsedMessage, failure: MessageFailure): FailedMessage {
    const { productKey, messageId, result } = message;
    this.metrics.failures.add(failure.code);
    this.logger.warn(
      { productKey, deviceName: message.message.deviceName, messageId, code: failure.code },
      failure.message,
    );
    return { ...message, result: { outcome: 'failed', failure, scriptVersion: result.scriptVersion } };
  }
}

const isFailed = (message: ParsedMessage): message is FailedMessage => message.result.outcome === 'failed';

function outgoing(of: ParsedMessage, payload: Uint8Array): Outgoing<ParsedMessage> {
  const { productKey, message, topic, trace } = of;
  const traceparent =
    trace?.publishing(messageSubject(productKey, message.deviceName, topic)) ?? traceparentOf(message.trace);
  return { of, ...groupMessage(of, payload, traceparent) };
}

function groupMessage(
  { productKey, message, messageId, topic, result }: ParsedMessage,
  payload: Uint8Array,
  traceparent: string,
): GroupMessage {
  const stamp =
    result.outcome === 'failed'
      ? { scriptVersion: undefined, parsingError: result.failure.code }
      : { scriptVersion: result.scriptVersion };
  return {
    subject: messageSubject(productKey, message.deviceName, topic),
    payload,
    headerBlock: messageHeaderBlock(message, topic, { messageId, traceparent, ...stamp }),
  };
}

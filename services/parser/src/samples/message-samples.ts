import { parsingSampleSubject, type ParsingSample } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { ParserConfig } from '../parser.config.ts';
import { ScriptFailure } from '../script/script-failure.ts';
import type { ParsedMessage } from '../uplink/parsed-message.ts';

/** Larger payloads are no samples: a hundred of these fit an answer of NATS with room to spare. */
const MAX_PAYLOAD_BYTES = 32_768;
/** Products counted within one second; of one more nothing is kept in that second. */
const MAX_PRODUCTS = 10_000;

/**
 * Keeps some of the messages of products that are parsed in the stream PARSING_SAMPLES, as they came: the first
 * few of each second. Nobody waits for the stream to confirm them: a sample that is lost is not missed.
 */
export class MessageSamples {
  #second = 0;
  readonly #kept = new Map<string, number>();

  constructor(
    private readonly nats: NatsConnection,
    private readonly config: Pick<ParserConfig, 'PARSER_SAMPLES_PER_SECOND'>,
    private readonly metrics: ParserMetrics,
    private readonly logger: Logger,
  ) {}

  /** Never throws: what is kept for trials may not stop what is live. */
  keep(messages: readonly ParsedMessage[], now = Date.now()): void {
    const perSecond = this.config.PARSER_SAMPLES_PER_SECOND;
    if (perSecond === 0) return;
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#kept.clear();
    }
    for (const message of messages) {
      const kept = this.#kept.get(message.productKey) ?? 0;
      if (kept >= perSecond || !isSample(message)) continue;
      if (kept === 0 && this.#kept.size >= MAX_PRODUCTS) continue;
      this.#kept.set(message.productKey, kept + 1);
      this.#tryPublish(message);
    }
  }

  #tryPublish({ productKey, messageId, topic, message }: ParsedMessage): void {
    const sample: ParsingSample = {
      messageId,
      deviceName: message.deviceName,
      topic,
      time: new Date(message.receivedAt).toISOString(),
      payload: Buffer.from(message.payload).toString('base64'),
    };
    const carried = headers();
    // A group that is parsed once more leaves no second sample.
    carried.set('Nats-Msg-Id', messageId);
    try {
      this.nats.publish(parsingSampleSubject(productKey), JSON.stringify(sample), { headers: carried });
      this.metrics.samples.add();
    } catch (error) {
      this.logger.warn({ err: error, messageId }, 'a message could not be kept as a sample');
    }
  }
}

/** Parsed, or failed for its script's sake: products that are not parsed leave no samples. */
function isSample({ result, message }: ParsedMessage): boolean {
  const isForScript =
    result.outcome === 'failed' ? result.failure instanceof ScriptFailure : result.outcome === 'parsed';
  return isForScript && message.payload.length <= MAX_PAYLOAD_BYTES;
}

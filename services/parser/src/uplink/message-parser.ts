import { isInCanary, type UplinkMessage } from '@gatehouse/contracts';
import { MessageTrace } from '../observability/message-trace.ts';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { CanaryRule, ParsingRule, ProductParsings } from '../script/product-parsing.ts';
import type { ScriptFailureLog } from '../script/script-failure-log.ts';
import { ScriptFailure } from '../script/script-failure.ts';
import type { ParsedMessage, ParsingResult } from './parsed-message.ts';
import type { ReceivedBatch } from './uplink-consumer.ts';

/** Ordinary products of the reference platform ask for parsing with this tag; it is no part of the topic name. */
const PARSING_TAG = '?_sn=default';

/** A script that runs, with its number. */
type ScriptVersion = Pick<CanaryRule, 'version' | 'sandbox'>;

interface Waiting {
  readonly messageId: string;
  readonly message: UplinkMessage;
  readonly topic: string;
  readonly source: ParsedMessage['source'];
  readonly trace: MessageTrace | undefined;
}

/** Turns batches into messages for the stream MESSAGES: by the script of each product, or unchanged. */
export class MessageParser {
  constructor(
    private readonly parsings: ProductParsings,
    private readonly metrics: ParserMetrics,
    private readonly failures: ScriptFailureLog,
  ) {}

  /** @returns the messages of all batches, each device's in the order in which it sent them */
  async parse(received: readonly ReceivedBatch[]): Promise<ParsedMessage[]> {
    const waiting = new Map<string, Waiting[]>();
    for (const { batch, consumer: source } of received) {
      const { productKey, batchId, messages } = batch;
      const ofProduct = waiting.get(productKey) ?? [];
      waiting.set(productKey, ofProduct);
      for (const [index, message] of messages.entries()) {
        const messageId = `${batchId}-${index}`;
        ofProduct.push({
          messageId,
          message,
          topic: withoutTag(message.topic),
          source,
          trace: MessageTrace.of(message, messageId),
        });
      }
    }
    const parsed = await Promise.all(
      Array.from(waiting, ([productKey, messages]) => this.#parseProduct(productKey, messages)),
    );
    return parsed.length === 1 ? (parsed[0] ?? []) : parsed.flat();
  }

  async #parseProduct(productKey: string, messages: readonly Waiting[]): Promise<ParsedMessage[]> {
    const rule = await this.parsings.ruleOf(productKey);
    const results = await this.#resultsOf(rule, messages);
    return messages.map((each, index) => {
      const result = results(index);
      if (result.outcome === 'failed') {
        this.metrics.failures.add(result.failure.code);
        if (result.failure instanceof ScriptFailure) {
          this.failures.failed(productKey, result.scriptVersion, result.failure);
        }
      }
      return { ...each, productKey, result };
    });
  }

  async #resultsOf(
    rule: ParsingRule,
    messages: readonly Waiting[],
  ): Promise<(index: number) => ParsingResult> {
    switch (rule.kind) {
      case 'pass':
        return (index) => ({ outcome: 'passed', payload: messages[index]?.message.payload ?? EMPTY });
      case 'fail':
        return () => ({ outcome: 'failed', failure: rule.failure });
      case 'script':
        return rule.canary === undefined
          ? this.#runScript(rule, messages)
          : this.#runWithCanary(rule, rule.canary, messages);
    }
  }

  /** A device's messages all go one way, so their order is kept. */
  async #runWithCanary(
    inForce: ScriptVersion,
    canary: CanaryRule,
    messages: readonly Waiting[],
  ): Promise<(index: number) => ParsingResult> {
    const shares = messages.map(({ message }) => isInCanary(message.deviceName, canary.percent));
    const ofCanary = messages.filter((_, index) => shares[index] === true);
    const ofOthers = messages.filter((_, index) => shares[index] === false);
    const [canaryResult, otherResult] = await Promise.all([
      this.#runScript(canary, ofCanary),
      this.#runScript(inForce, ofOthers),
    ]);
    let canaries = 0;
    const results = shares.map((isCanary, index) =>
      isCanary ? canaryResult(canaries++) : otherResult(index - canaries),
    );
    return (index) => results[index] ?? otherResult(index);
  }

  async #runScript(
    { sandbox, version }: ScriptVersion,
    messages: readonly Waiting[],
  ): Promise<(index: number) => ParsingResult> {
    const startedAt = Date.now();
    const outcomes = await sandbox.run(
      messages.map(({ topic, message: { payload, deviceName } }) => ({ topic, payload, deviceName })),
    );
    return (index) => {
      const outcome = outcomes[index] ?? EMPTY;
      const failure = outcome instanceof ScriptFailure ? outcome : undefined;
      messages[index]?.trace?.parsed(startedAt, version, failure);
      return outcome instanceof ScriptFailure
        ? { outcome: 'failed', failure: outcome, scriptVersion: version }
        : { outcome: 'parsed', payload: outcome, scriptVersion: version };
    };
  }
}

const EMPTY = new Uint8Array();

function withoutTag(topic: string): string {
  return topic.endsWith(PARSING_TAG) ? topic.slice(0, -PARSING_TAG.length) : topic;
}

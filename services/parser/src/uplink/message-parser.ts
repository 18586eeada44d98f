import { isInCanary, type UplinkMessage } from '@gatehouse/contracts';
import { MessageTrace } from '../observability/message-trace.ts';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { CanaryRule, ParsingRule, ProductParsings } from '../script/product-parsing.ts';
import type { ScriptFailureLog } from '../script/script-failure-log.ts';
import { ScriptFailure } from '../script/script-failure.ts';
import type { RunControl } from '../script/script-sandbox.ts';
import type { FailedMessage, ParsedMessage, ParsingResult } from './parsed-message.ts';
import { topicWithoutTag } from './parsing-tag.ts';
import type { ReceivedBatch } from './uplink-consumer.ts';

/** A script that runs, with its number. */
type ScriptVersion = Pick<CanaryRule, 'version' | 'sandbox'>;

type FailedResult = FailedMessage['result'];

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

  /**
   * @param received batches of one product
   * @returns the messages of all batches, each device's in the order in which it sent them
   */
  async parse(
    productKey: string,
    received: readonly ReceivedBatch[],
    control: RunControl,
  ): Promise<ParsedMessage[]> {
    const messages = received.flatMap(waitingOf);
    const rule = await this.parsings.ruleOf(productKey);
    const results = await this.#resultsOf(rule, messages, control);
    const onFailure = rule.kind === 'pass' ? 'drop' : rule.onFailure;
    return messages.map((each, index) => {
      const result = results(index);
      if (result.outcome === 'failed') this.#failed(productKey, result);
      return { ...each, productKey, result, onFailure };
    });
  }

  #failed(productKey: string, { failure, scriptVersion }: FailedResult): void {
    this.metrics.failures.add(failure.code);
    if (!(failure instanceof ScriptFailure)) return;
    if (failure.throttled !== undefined) this.metrics.throttled.add(failure.throttled);
    this.failures.failed(productKey, scriptVersion, failure);
  }

  async #resultsOf(
    rule: ParsingRule,
    messages: readonly Waiting[],
    control: RunControl,
  ): Promise<(index: number) => ParsingResult> {
    switch (rule.kind) {
      case 'pass':
        return (index) => ({ outcome: 'passed', payload: messages[index]?.message.payload ?? EMPTY });
      case 'fail':
        return () => ({ outcome: 'failed', failure: rule.failure });
      case 'script':
        return rule.canary === undefined
          ? this.#runScript(rule, messages, control)
          : this.#runWithCanary({ inForce: rule, canary: rule.canary }, messages, control);
    }
  }

  /** A device's messages all go one way, so their order is kept. */
  async #runWithCanary(
    { inForce, canary }: { readonly inForce: ScriptVersion; readonly canary: CanaryRule },
    messages: readonly Waiting[],
    control: RunControl,
  ): Promise<(index: number) => ParsingResult> {
    const shares = messages.map(({ message }) => isInCanary(message.deviceName, canary.percent));
    const ofCanary = messages.filter((_, index) => shares[index] === true);
    const ofOthers = messages.filter((_, index) => shares[index] === false);
    const [canaryResult, otherResult] = await Promise.all([
      this.#runScript(canary, ofCanary, control),
      this.#runScript(inForce, ofOthers, control),
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
    control: RunControl,
  ): Promise<(index: number) => ParsingResult> {
    const startedAt = Date.now();
    const outcomes = await sandbox.run(
      messages.map(({ topic, message: { payload, deviceName } }) => ({ topic, payload, deviceName })),
      control,
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

function waitingOf({ batch, consumer: source }: ReceivedBatch): Waiting[] {
  return batch.messages.map((message, index) => {
    const messageId = `${batch.batchId}-${index}`;
    const trace = MessageTrace.of(message, messageId);
    return { messageId, message, topic: topicWithoutTag(message.topic), source, trace };
  });
}

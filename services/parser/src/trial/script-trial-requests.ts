import type { ParsingSample, ReplyOf, RequestOf, tryScript } from '@gatehouse/contracts';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { ParserConfig } from '../parser.config.ts';
import type { RecentSamples } from '../samples/recent-samples.ts';
import { topicWithoutTag } from '../uplink/parsing-tag.ts';
import type { TriedInput } from './trial-order.ts';
import type { TrialHost } from './trial-host.ts';
import type { TrialEnding } from './trial-processes.ts';
import { notTried, trialResult } from './trial-result.ts';

type Request = RequestOf<typeof tryScript>;
type Reply = ReplyOf<typeof tryScript>;

interface Tried {
  readonly input: TriedInput;
  readonly sample: ParsingSample | null;
}

/** Scripts that are not in force, tried on messages that go nowhere. */
export class ScriptTrialRequests {
  constructor(
    private readonly host: TrialHost,
    private readonly samples: RecentSamples,
    private readonly config: ParserConfig,
    private readonly metrics: ParserMetrics,
  ) {}

  /** @param maxReplyBytes of the whole answer, about */
  async run({ productKey, script, compareWith, input }: Request, maxReplyBytes: number): Promise<Reply> {
    const tried = await this.#inputsOf(productKey, input);
    if (tried.length === 0) return { outcome: 'tried', items: [] };
    const maxBytes = maxReplyBytes / tried.length;
    const ended = await this.host.run({
      limits: {
        timeoutMs: this.config.PARSER_SCRIPT_TIMEOUT_MS,
        memoryMb: this.config.PARSER_SCRIPT_MEMORY_MB,
        maxResultBytes: this.config.PARSER_SCRIPT_RESULT_MAX_BYTES,
      },
      code: script.code,
      comparedCode: compareWith?.code,
      inputs: tried.map((each) => each.input),
      maxShownBytes: maxBytes,
    });
    this.metrics.trials.add(ended?.ending ?? 'refused');
    if (ended === undefined) return { outcome: 'busy', trialsAtOnce: this.config.PARSER_TRIALS };
    const { messages, ending } = ended;
    const shown = { version: compareWith?.version, maxBytes };
    return {
      outcome: 'tried',
      items: tried.map(({ input: given, sample }, index) => {
        const message = messages[index];
        const result =
          message === undefined ? notTried(this.#why(ending)) : trialResult(message, given, shown);
        return { sample, result };
      }),
    };
  }

  async #inputsOf(productKey: string, input: Request['input']): Promise<Tried[]> {
    switch (input.kind) {
      case 'message':
        return [{ input: uplinkOf(input), sample: null }];
      case 'downlink':
        return [{ input: { direction: 'downlink', json: input.json }, sample: null }];
      case 'recent': {
        const samples = await this.samples.last(productKey, input.count);
        return samples.map((sample) => ({ input: uplinkOf(sample), sample }));
      }
    }
  }

  #why(ending: TrialEnding['ending']): string {
    switch (ending) {
      case 'timed out':
        return `not tried: the whole trial took longer than ${this.config.PARSER_TRIAL_TIMEOUT_MS} ms`;
      case 'broken':
        return 'not tried: the process that ran the script broke down';
      case 'done':
      case 'given up':
        return 'not tried: the script ran out of time or memory too often before';
    }
  }
}

function uplinkOf({ topic, payload }: { readonly topic: string; readonly payload: string }): TriedInput {
  return { direction: 'uplink', topic: topicWithoutTag(topic), payload: Buffer.from(payload, 'base64') };
}

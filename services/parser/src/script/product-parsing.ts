import { getProductParsing, type ProductParsing } from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import type { Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ParserConfig } from '../parser.config.ts';
import { retryDelayMs, wait } from '../uplink/retry-delay.ts';
import type { LoadedSandboxes } from './loaded-sandboxes.ts';
import { SCRIPT_FAILURE_CODE, ScriptFailure } from './script-failure.ts';
import type { ScriptSandbox } from './script-sandbox.ts';

/** What happens to the payloads of a product. */
export type ParsingRule =
  | { readonly kind: 'pass' }
  | { readonly kind: 'fail'; readonly failure: ScriptFailure }
  | { readonly kind: 'script'; readonly version: number; readonly sandbox: ScriptSandbox };

/** Products whose parsing is kept in memory. */
const MAX_PRODUCTS = 10_000;

interface Entry {
  /** Undefined when the registry knows no such product. */
  readonly parsing: ProductParsing | null;
}

/** How each product is parsed, as the registry says; kept until the registry reports a change. */
export class ProductParsings {
  readonly #entries = new Map<string, Entry>();
  /** Questions under way; a change drops its question, so that a late answer is not kept. */
  readonly #questions = new Map<string, Promise<Entry>>();

  constructor(
    private readonly nats: NatsConnection,
    private readonly sandboxes: LoadedSandboxes,
    private readonly config: Pick<ParserConfig, 'PARSER_REGISTRY_TIMEOUT_MS'>,
    private readonly logger: Logger,
  ) {}

  /** Waits for as long as the registry is away: a message that nobody can parse yet is not a message to drop. */
  async ruleOf(productKey: string): Promise<ParsingRule> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const entry =
          this.#entries.get(productKey) ?? (await (this.#questions.get(productKey) ?? this.#ask(productKey)));
        return this.#ruleFor(productKey, entry);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.logger.warn({ productKey, reason }, 'waiting for the registry to say how a product is parsed');
        await wait(retryDelayMs(attempt));
      }
    }
  }

  forgetProduct(productKey: string): void {
    this.#entries.delete(productKey);
    this.#questions.delete(productKey);
  }

  forgetGateway(gatewayId: string): void {
    for (const [productKey, { parsing }] of this.#entries) {
      if (parsing === null || parsing.gatewayId === gatewayId) this.#entries.delete(productKey);
    }
    this.#questions.clear();
  }

  forgetAll(): void {
    this.#entries.clear();
    this.#questions.clear();
  }

  async #ask(productKey: string): Promise<Entry> {
    const question = callService(
      this.nats,
      getProductParsing,
      { productKey },
      this.config.PARSER_REGISTRY_TIMEOUT_MS,
    );
    this.#questions.set(productKey, question);
    try {
      const entry = await question;
      if (this.#questions.get(productKey) === question) this.#keep(productKey, entry);
      return entry;
    } finally {
      if (this.#questions.get(productKey) === question) this.#questions.delete(productKey);
    }
  }

  #keep(productKey: string, entry: Entry): void {
    if (this.#entries.size >= MAX_PRODUCTS) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(productKey, entry);
  }

  #ruleFor(productKey: string, { parsing }: Entry): ParsingRule {
    if (parsing === null || !parsing.enabled) return { kind: 'pass' };
    const { script } = parsing;
    if (script === null || script.code.trim() === '') {
      const failure = new ScriptFailure(
        SCRIPT_FAILURE_CODE.notSubmitted,
        'parsing is on, but no script was submitted',
      );
      return { kind: 'fail', failure };
    }
    return { kind: 'script', version: script.version, sandbox: this.sandboxes.of(productKey, script.code) };
  }
}

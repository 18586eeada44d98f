import { BoundedMap } from '@gatehouse/bounded-map';
import { getProductParsing, type OnParsingFailure, type ProductParsing } from '@gatehouse/contracts';
import { RemoteFailure } from '@gatehouse/failure';
import { callService, MalformedReply } from '@gatehouse/nats';
import { reasonOf, type Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ParserConfig } from '../parser.config.ts';
import type { MessageFailure } from '../uplink/message-failure.ts';
import { retryDelayMs, wait } from '../uplink/retry-delay.ts';
import type { LoadedSandboxes } from './loaded-sandboxes.ts';
import { ParsingUnknown } from './parsing.failures.ts';
import { SCRIPT_FAILURE_CODE, ScriptFailure } from './script-failure.ts';
import type { ScriptSandbox } from './script-sandbox.ts';

type Direction = 'uplink' | 'downlink';

/** What happens to the payloads of a product. */
export type ParsingRule =
  | { readonly kind: 'pass' }
  | { readonly kind: 'fail'; readonly failure: MessageFailure; readonly onFailure: OnParsingFailure }
  | {
      readonly kind: 'script';
      readonly version: number;
      readonly code: string;
      readonly sandbox: ScriptSandbox;
      /** The version of a share of the devices. */
      readonly canary: CanaryRule | undefined;
      readonly onFailure: OnParsingFailure;
    };

export interface CanaryRule {
  readonly version: number;
  readonly code: string;
  readonly sandbox: ScriptSandbox;
  readonly percent: number;
}

/** Products whose parsing is kept in memory. */
const MAX_PRODUCTS = 10_000;
/** Answers of no use before a product's messages fail, and for how long they do before the registry is asked again. */
const MAX_USELESS_ANSWERS = 4;
const UNKNOWN_MS = 10_000;

interface Entry {
  /** Undefined when the registry knows no such product. */
  readonly parsing: ProductParsing | null;
}

/** How each product is parsed, as the registry says; kept until the registry reports a change. */
export class ProductParsings {
  readonly #entries = new BoundedMap<string, Entry>(MAX_PRODUCTS);
  /** Questions under way; a change drops its question, so that a late answer is not kept. */
  readonly #questions = new Map<string, Promise<Entry>>();

  /** Products that the registry has no proper answer for, and until when they are not asked for. */
  readonly #unknown = new BoundedMap<string, { readonly failure: ParsingUnknown; readonly until: number }>(
    MAX_PRODUCTS,
  );

  constructor(
    private readonly nats: NatsConnection,
    private readonly sandboxes: LoadedSandboxes,
    private readonly config: Pick<ParserConfig, 'PARSER_REGISTRY_TIMEOUT_MS'>,
    private readonly logger: Logger,
  ) {}

  /**
   * Waits for as long as the registry is away: a message that nobody can parse yet is not a message to drop. An
   * answer that is wrong for this one product must not hold up all others, so after some of these it fails.
   *
   * @param direction each has a sandbox of its own: what downlink messages break costs the uplink nothing
   */
  async ruleOf(productKey: string, direction: Direction = 'uplink'): Promise<ParsingRule> {
    const unknown = this.#unknown.get(productKey);
    if (unknown !== undefined && performance.now() < unknown.until) {
      return { kind: 'fail', failure: unknown.failure, onFailure: 'drop' };
    }
    this.#unknown.delete(productKey);
    let uselessAnswers = 0;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const entry =
          this.#entries.get(productKey) ?? (await (this.#questions.get(productKey) ?? this.#ask(productKey)));
        return this.#ruleFor(productKey, entry, direction);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (isUseless(error)) uselessAnswers += 1;
        if (uselessAnswers === MAX_USELESS_ANSWERS) return this.#giveUp(productKey, reason);
        this.logger[attempt === 0 ? 'warn' : 'debug'](
          { productKey, reason },
          'waiting for the registry to say how a product is parsed',
        );
        await wait(retryDelayMs(attempt));
      }
    }
  }

  /**
   * What the registry says now, for somebody who may have changed it a moment ago: the change may not have been
   * reported to this instance yet.
   *
   * @throws {ParsingUnknown} it does not say; what was known of the product stays
   */
  async ruleNow(productKey: string): Promise<ParsingRule> {
    const entry = await this.#ask(productKey).catch((error: unknown) => {
      throw new ParsingUnknown(reasonOf(error));
    });
    return this.#ruleFor(productKey, entry, 'uplink');
  }

  forgetProduct(productKey: string): void {
    this.#entries.delete(productKey);
    this.#unknown.delete(productKey);
    this.#questions.delete(productKey);
  }

  forgetGateway(gatewayId: string): void {
    for (const [productKey, { parsing }] of this.#entries.entries()) {
      if (parsing === null || parsing.gatewayId === gatewayId) this.#entries.delete(productKey);
    }
    this.#unknown.clear();
    this.#questions.clear();
  }

  forgetAll(): void {
    this.#entries.clear();
    this.#unknown.clear();
    this.#questions.clear();
  }

  #giveUp(productKey: string, reason: string): ParsingRule {
    this.logger.error({ productKey, reason }, 'the messages of a product fail: how it is parsed is unknown');
    const failure = new ParsingUnknown(reason);
    this.#unknown.set(productKey, { failure, until: performance.now() + UNKNOWN_MS });
    return { kind: 'fail', failure, onFailure: 'drop' };
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
    this.#entries.set(productKey, entry);
    this.#unknown.delete(productKey);
  }

  #ruleFor(productKey: string, { parsing }: Entry, direction: Direction): ParsingRule {
    if (parsing === null || !parsing.enabled) return { kind: 'pass' };
    const { script, onFailure } = parsing;
    if (script === null || script.code.trim() === '') {
      const failure = new ScriptFailure(
        SCRIPT_FAILURE_CODE.notSubmitted,
        'parsing is on, but no script was submitted',
      );
      return { kind: 'fail', failure, onFailure };
    }
    const isUplink = direction === 'uplink';
    return {
      kind: 'script',
      version: script.version,
      code: script.code,
      sandbox: this.sandboxes.of(isUplink ? productKey : `downlink of ${productKey}`, script.code),
      onFailure,
      canary: isUplink ? this.#canaryOf(productKey, parsing) : undefined,
    };
  }

  #canaryOf(productKey: string, { canary }: ProductParsing): CanaryRule | undefined {
    const name = `canary of ${productKey}`;
    if (canary === undefined) {
      this.sandboxes.retire(name);
      return undefined;
    }
    const { version, code, percent } = canary;
    return { version, code, percent, sandbox: this.sandboxes.of(name, code) };
  }
}

/** The registry is there and its answer will hardly be another one next time. */
function isUseless(error: unknown): boolean {
  if (error instanceof RemoteFailure) return error.kind !== 'unavailable' && error.kind !== 'timeout';
  return error instanceof MalformedReply;
}

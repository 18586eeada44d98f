import { isInCanary, parsingFailureFilter, type RequestOf, type retryFailures } from '@gatehouse/contracts';
import type { ParsingRule } from '../script/product-parsing.ts';
import { SCRIPT_FAILURE_CODE, ScriptFailure } from '../script/script-failure.ts';
import type { ScriptSandbox, ScriptSandboxes } from '../script/script-sandbox.ts';
import type { FailedRecord } from './failed-record.ts';
import type { FailedRecords } from './failed-records.ts';
import type { ParsedRecord, RetryPublisher, TriedRecord, UnparsedRecord } from './retry-publisher.ts';
import { RetryWithoutScript } from './retry.failures.ts';

type Request = RequestOf<typeof retryFailures>;
type ScriptRule = Extract<ParsingRule, { kind: 'script' }>;

export interface RetrySteps {
  readonly records: FailedRecords;
  readonly sandboxes: ScriptSandboxes;
  readonly publisher: RetryPublisher;
  /** @throws {Failure} nobody says how the product is parsed */
  readonly ruleOf: (productKey: string) => Promise<ParsingRule>;
}

/** Times of the monotonic clock, in milliseconds. */
export interface RetryDeadlines {
  /** Nothing more is tried. */
  readonly tryingUntil: number;
  /** What was tried and is not stored by then counts as not tried. */
  readonly storingUntil: number;
}

/** Records that are read, parsed and stored together. */
const PORTION_RECORDS = 100;

/** Parses the failed messages of one product again, portion by portion, the oldest first. */
export class RetryRun implements Disposable {
  parsed = 0;
  failed = 0;
  /** That were kept aside before the run began, and that it did not come to. */
  remaining = 0;
  /** The first of those, as far as that is known. */
  #untriedFrom: number | undefined;
  #last = 0;
  /** New records of those that failed again, which the question means as well. */
  #replaced = 0;
  readonly #opened = new Map<string, ScriptSandbox>();
  readonly #tooLate = new ScriptFailure(SCRIPT_FAILURE_CODE.stopped, 'the time of the retry is over');
  readonly #source: { readonly isAbandoned: boolean };
  readonly #wantedIds: Set<string> | undefined;

  constructor(
    private readonly request: Request,
    private readonly steps: RetrySteps,
    private readonly deadlines: RetryDeadlines,
  ) {
    this.#source = {
      get isAbandoned() {
        return performance.now() >= deadlines.storingUntil;
      },
    };
    const { messageIds } = request.filter;
    this.#wantedIds = messageIds === undefined ? undefined : new Set(messageIds);
  }

  /**
   * @throws {RetryWithoutScript} nothing was tried
   * @throws {Failure} nobody says how the product is parsed, or NATS does not do as asked
   */
  async run(): Promise<void> {
    const { productKey, filter, limit } = this.request;
    const { records, ruleOf } = this.steps;
    const subject = parsingFailureFilter(productKey, filter.deviceName, filter.code);
    let rule = await ruleOf(productKey);
    const [start, last] = this.#range(await records.lastSequence());
    this.#last = last;
    for (let from = start; ;) {
      if (rule.kind !== 'script' && this.#tried === 0) throw new RetryWithoutScript(productKey);
      const read = await records.read(subject, from, PORTION_RECORDS);
      const portion = read.filter(({ sequence }) => sequence <= last);
      const wanted = portion.filter(({ messageId }) => this.#wantedIds?.has(messageId) ?? true);
      const tried = wanted.slice(0, limit - this.#tried);
      const replacedBefore = this.#replaced;
      if (rule.kind === 'script') await this.#try(rule, tried);
      else this.#leave(tried);
      this.#leave(wanted.slice(tried.length));
      const isAtEnd = portion.length < read.length || read.length === 0;
      if (this.remaining > 0) {
        if (!isAtEnd) this.remaining += this.#meantBehind(read, replacedBefore);
        return;
      }
      if (isAtEnd || this.#wantedIds?.size === 0) return;
      if (performance.now() >= this.deadlines.tryingUntil) {
        // Looking for messages by their ids may take as long as parsing them.
        this.remaining = this.#meantBehind(read, replacedBefore);
        this.#untriedFrom = (portion.at(-1)?.sequence ?? last) + 1;
        return;
      }
      from = (portion.at(-1)?.sequence ?? last) + 1;
      rule = await ruleOf(productKey);
    }
  }

  [Symbol.dispose](): void {
    for (const sandbox of this.#opened.values()) sandbox.retire();
  }

  /** Where the next call goes on; undefined when nothing remains. */
  get next(): string | undefined {
    if (this.remaining === 0 || this.#untriedFrom === undefined) return undefined;
    return `${this.#untriedFrom}-${this.#last}`;
  }

  /** What fails again is stored behind it, and is none of this run or of one that goes on with it. */
  #range(lastSequence: number): readonly [start: number, last: number] {
    const { after } = this.request;
    if (after === undefined) return [1, lastSequence];
    const [start = 1, last = lastSequence] = after.split('-').map(Number);
    return [Math.max(start, 1), Math.min(last, lastSequence)];
  }

  #leave(records: readonly FailedRecord[]): void {
    this.remaining += records.length;
    this.#untriedFrom ??= records[0]?.sequence;
  }

  get #tried(): number {
    return this.parsed + this.failed;
  }

  async #try(rule: ScriptRule, records: readonly FailedRecord[]): Promise<void> {
    const results = await this.#results(rule, records);
    const parsed: ParsedRecord[] = [];
    const unparsed: UnparsedRecord[] = [];
    for (const { result, ...tried } of results) {
      if (result instanceof Uint8Array) parsed.push({ ...tried, result });
      else unparsed.push({ ...tried, result });
    }
    const done = await this.#store(parsed, unparsed);
    this.#leave(records.filter((record) => !done.has(record)));
  }

  /** @returns those that are done with */
  async #store(
    parsed: readonly ParsedRecord[],
    unparsed: readonly UnparsedRecord[],
  ): Promise<ReadonlySet<FailedRecord>> {
    const { publisher, records } = this.steps;
    const refused = await publisher.storeParsed(parsed, this.#source);
    // Whether they are stored nobody said: they stay, and the stream knows their ids next time.
    if (this.#source.isAbandoned) return new Set();
    const isRefused = new Set(refused.map(({ record }) => record));
    const done = parsed.map(({ record }) => record).filter((record) => !isRefused.has(record));
    await records.remove(done);
    this.parsed += done.length;
    this.#forgetIds(done);
    const replaced = await publisher.storeUnparsed([...unparsed, ...refused], this.#source);
    if (this.#source.isAbandoned) return new Set(done);
    await records.remove(replaced);
    const failed = [...unparsed, ...refused];
    this.failed += failed.length;
    this.#forgetIds(failed.map(({ record }) => record));
    const { code } = this.request.filter;
    this.#replaced += failed.filter(
      ({ record, result }) => replaced.includes(record) && (code ?? result.code) === result.code,
    ).length;
    return new Set([...done, ...failed.map(({ record }) => record)]);
  }

  /** Of those that were tried, in order: a device's messages are all parsed by the same version. */
  async #results(rule: ScriptRule, records: readonly FailedRecord[]): Promise<TriedRecord[]> {
    const { canary } = rule;
    const shares = Map.groupBy(records, ({ deviceName }) =>
      canary !== undefined && isInCanary(deviceName, canary.percent) ? canary : rule,
    );
    const results = new Map<FailedRecord, TriedRecord>();
    for (const [{ version: scriptVersion, code }, share] of shares) {
      const outcomes = await this.#sandboxOf(code).run(
        // No device answers for what it sent long ago.
        share.map(({ topic, payload }) => ({ topic, payload })),
        {
          givenUp: () => (performance.now() < this.deadlines.tryingUntil ? undefined : this.#tooLate),
          ran: () => undefined,
        },
      );
      for (const [index, record] of share.entries()) {
        const result = outcomes[index];
        if (result !== undefined && !isUntried(result))
          results.set(record, { record, scriptVersion, result });
      }
    }
    return records.flatMap((record) => results.get(record) ?? []);
  }

  /** Not that of live messages: they neither wait for this one nor answer for it. */
  #sandboxOf(code: string): ScriptSandbox {
    const sandbox = this.#opened.get(code) ?? this.steps.sandboxes.open(code);
    this.#opened.set(code, sandbox);
    return sandbox;
  }

  #forgetIds(records: readonly FailedRecord[]): void {
    for (const { messageId } of records) this.#wantedIds?.delete(messageId);
  }

  /** Behind what was read; ids that are wanted are behind it as far as anybody knows. */
  #meantBehind(read: readonly FailedRecord[], replacedBefore: number): number {
    if (this.#wantedIds !== undefined) return Math.max(this.#wantedIds.size - this.remaining, 0);
    return Math.max((read.at(-1)?.following ?? 0) - replacedBefore, 0);
  }
}

const isUntried = (result: Uint8Array | ScriptFailure): boolean =>
  result instanceof ScriptFailure && result.code === SCRIPT_FAILURE_CODE.stopped;

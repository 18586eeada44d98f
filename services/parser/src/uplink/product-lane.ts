import { SCRIPT_FAILURE_CODE, ScriptFailure } from '../script/script-failure.ts';
import type { RunControl } from '../script/script-sandbox.ts';
import type { ParsedMessage } from './parsed-message.ts';
import type { ReceivedBatch } from './uplink-consumer.ts';

/** Batches of one product that were parsed together. */
export interface ParsedBatches {
  readonly batches: readonly ReceivedBatch[];
  readonly messages: readonly ParsedMessage[];
}

export interface LaneSteps {
  /** @returns undefined when something is wrong with the batches that nobody foresaw */
  readonly parse: (
    productKey: string,
    batches: readonly ReceivedBatch[],
    control: RunControl,
  ) => Promise<readonly ParsedMessage[] | undefined>;
  readonly onParsed: (parsed: ParsedBatches) => void;
  /** Called whenever the lane holds less than before. */
  readonly onProgress: () => void;
}

/** Nobody waits for a lane whose portions take longer than this. */
const PROMPT_MS = 20;
/** A script is slow when a message takes this long and what waits for it would take {@link LATE_MS}. */
const SLOW_MS_PER_MESSAGE = 0.2;
const LATE_MS = 250;
/** What happened this long ago counts half. */
const HALF_LIFE_MS = 250;
/** For how long a lane that took more than its share runs nothing. */
const THROTTLED_MS = 250;

/**
 * The batches of one product on their way through its script, one portion after the other. However long that
 * takes, no other product waits for it: each has a lane of its own.
 */
export class ProductLane {
  readonly #waiting: ReceivedBatch[] = [];
  #heldMessages = 0;
  #inHand = 0;
  #runningSince: number | undefined;
  #lastTookMs = 0;
  readonly #pace = new Pace();
  #idle: Promise<void> = Promise.resolve();
  #lastAddedAt = 0;
  #throttledUntil = 0;
  readonly #control: RunControl = {
    givenUp: () => (performance.now() < this.#throttledUntil ? this.#tooSlow : undefined),
    ran: (messages, milliseconds) => this.#pace.ran(messages, milliseconds, performance.now()),
  };
  #tooSlow: ScriptFailure | undefined;

  constructor(
    readonly productKey: string,
    private readonly portionMessages: number,
    private readonly steps: LaneSteps,
  ) {}

  /** Batches that wait or are being parsed. */
  get held(): number {
    return this.#waiting.length + this.#inHand;
  }

  /** Resolves when nothing is left of what was added until now. */
  get idle(): Promise<void> {
    return this.#idle;
  }

  get lastAddedAt(): number {
    return this.#lastAddedAt;
  }

  /** Whether what is added now will be done in a moment, as far as one can tell. */
  isPrompt(now: number): boolean {
    return this.#lastTookMs < PROMPT_MS && now - (this.#runningSince ?? now) < PROMPT_MS;
  }

  /** Whether it is the script that what waits here waits for. */
  isSlow(now: number): boolean {
    const { msPerMessage } = this.#pace;
    if (msPerMessage < SLOW_MS_PER_MESSAGE || now < this.#throttledUntil) return false;
    return this.#heldMessages * msPerMessage > LATE_MS;
  }

  add(batches: readonly ReceivedBatch[], now: number): void {
    this.#waiting.push(...batches);
    this.#heldMessages += sizeOf(batches);
    this.#lastAddedAt = now;
    if (this.#runningSince === undefined) this.#idle = this.#run();
  }

  /** What waits, and what comes within a moment, fails untried: the script takes more than its share. */
  throttle(now: number): void {
    this.#throttledUntil = now + THROTTLED_MS;
    const until = new Date(Date.now() + THROTTLED_MS).toISOString();
    this.#tooSlow = new ScriptFailure(
      SCRIPT_FAILURE_CODE.stopped,
      `the script is too slow for what its devices send and other products need room; it is throttled until ${until}`,
      undefined,
      'product',
    );
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const portion = this.#nextPortion();
      const startedAt = performance.now();
      this.#runningSince = startedAt;
      if (portion.length > 0) {
        const messages = await this.steps.parse(this.productKey, portion, this.#control);
        if (messages !== undefined) this.steps.onParsed({ batches: portion, messages });
        // Ended here already, so that nothing behind it is taken for the next in order.
        else for (const received of portion) received.consumer.fail(received);
        this.#heldMessages -= sizeOf(portion);
      }
      this.#inHand = 0;
      this.#lastTookMs = performance.now() - startedAt;
      this.steps.onProgress();
    }
    this.#runningSince = undefined;
  }

  /** One batch; several while that is done in a moment; none when their partitions were given away meanwhile. */
  #nextPortion(): ReceivedBatch[] {
    const portion: ReceivedBatch[] = [];
    let room = this.#lastTookMs < PROMPT_MS ? this.portionMessages : 0;
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      const size = next.batch.messages.length;
      if (portion.length > 0 && size > room) break;
      this.#waiting.shift();
      if (next.consumer.hasEnded) {
        next.consumer.leave(next);
        this.#heldMessages -= size;
        continue;
      }
      portion.push(next);
      room -= size;
    }
    this.#inHand = portion.length;
    return portion;
  }
}

/** What a message took lately: one that loops among hundreds makes no script slow. */
class Pace {
  #messages = 0;
  #milliseconds = 0;
  #at = 0;

  get msPerMessage(): number {
    return this.#messages === 0 ? 0 : this.#milliseconds / this.#messages;
  }

  ran(messages: number, milliseconds: number, now: number): void {
    const faded = 0.5 ** ((now - this.#at) / HALF_LIFE_MS);
    this.#messages = this.#messages * faded + messages;
    this.#milliseconds = this.#milliseconds * faded + milliseconds;
    this.#at = now;
  }
}

function sizeOf(batches: readonly ReceivedBatch[]): number {
  return batches.reduce((sum, { batch }) => sum + batch.messages.length, 0);
}

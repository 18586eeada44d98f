import { setTimeout as delay } from 'node:timers/promises';
import { ProductLane, type LaneSteps } from './product-lane.ts';
import type { ReceivedBatch } from './uplink-consumer.ts';

/**
 * Batches in all lanes together. A partition lets 256 be in hand, so slow products can never take up all of a
 * partition, and what is in hand of the others always moves on.
 */
const MAX_HELD = 160;
/** What slow products may hold of that. */
const MAX_HELD_BY_SLOW = 48;
/** For how long a group waits for its prompt lanes: they most likely need much less. */
const PROMPT_WAIT_MS = 10;
/** How often one looks for room when there is none. */
const LOOK_MS = 10;
/** Lanes that nothing was added to for this long are forgotten. */
const QUIET_MS = 10_000;

/** The lanes of all products that were heard of lately, with room for a limited number of batches. */
export class ProductLanes {
  readonly #lanes = new Map<string, ProductLane>();
  #sweptAt = 0;

  constructor(
    private readonly portionMessages: number,
    private readonly steps: LaneSteps,
  ) {}

  get held(): number {
    let held = 0;
    for (const lane of this.#lanes.values()) held += lane.held;
    return held;
  }

  /** Batches that may be added now. */
  get room(): number {
    return Math.max(MAX_HELD - this.held, 0);
  }

  /** Resolves when the lanes that are prompt have done what they hold; the others go on by themselves. */
  async add(group: readonly ReceivedBatch[]): Promise<void> {
    const now = performance.now();
    const prompt: Promise<void>[] = [];
    for (const [productKey, batches] of Map.groupBy(group, ({ batch }) => batch.productKey)) {
      const lane = this.#laneOf(productKey);
      lane.add(batches, now);
      if (lane.isPrompt(now)) prompt.push(lane.idle);
    }
    if (now - this.#sweptAt > QUIET_MS) this.#forgetQuiet(now);
    this.#throttleSlowest(now, MAX_HELD_BY_SLOW);
    await inAMoment(prompt);
  }

  /** Resolves soon, whether there is room by then or not. */
  async makeRoom(): Promise<void> {
    const now = performance.now();
    this.#forgetQuiet(now);
    this.#throttleSlowest(now, 0);
    await delay(LOOK_MS);
  }

  /** A product that has the instance for itself is left alone: the uplink waits for it, and loses nothing. */
  #throttleSlowest(now: number, mayHold: number): void {
    if (this.#lanes.size < 2) return;
    const slow = Array.from(this.#lanes.values()).filter((lane) => lane.isSlow(now));
    if (slow.reduce((sum, { held }) => sum + held, 0) <= mayHold) return;
    slow.toSorted((one, other) => other.held - one.held)[0]?.throttle(now);
  }

  #laneOf(productKey: string): ProductLane {
    const lane = this.#lanes.get(productKey) ?? new ProductLane(productKey, this.portionMessages, this.steps);
    this.#lanes.set(productKey, lane);
    return lane;
  }

  #forgetQuiet(now: number): void {
    this.#sweptAt = now;
    for (const [productKey, lane] of this.#lanes) {
      if (lane.held === 0 && now - lane.lastAddedAt > QUIET_MS) this.#lanes.delete(productKey);
    }
  }
}

async function inAMoment(work: readonly Promise<void>[]): Promise<void> {
  if (work.length === 0) return;
  const over = new AbortController();
  const moment = delay(PROMPT_WAIT_MS, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([Promise.all(work), moment]);
  over.abort();
}

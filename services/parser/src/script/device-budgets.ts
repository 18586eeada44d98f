import { BoundedMap } from '@gatehouse/bounded-map';

export interface DeviceBudgetLimits {
  /** Script time that a device may take for good, in milliseconds a second. */
  readonly scriptMsPerSecond: number;
  /** Messages a second that a device may fail for good. */
  readonly failuresPerSecond: number;
}

/** A device may take this many seconds of its budget at once. */
const CAPACITY_SECONDS = 10;
/** A message that ran out of time or memory costs its isolate, and everybody the wait for the next one. */
const BREAK_SECONDS = 4;
/** What a throttled device begins again with: one break more and it is throttled again. */
const RETURN_SECONDS = 6;
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;
/** Devices remembered; the one that was not heard of for longest is forgotten first. */
const MAX_DEVICES = 2_000;

interface Spent {
  /** Seconds of its budget that it has taken and not earned again. */
  seconds: number;
  at: number;
  throttledUntil: number;
  lengthMs: number;
}

/**
 * What each device may cost its script: a leaky bucket for failures and script time together. A device that
 * empties it is throttled for 5 s, twice as long each time it happens again within a minute, at most a minute.
 * Devices that behave are not remembered at all. Times are in milliseconds of one monotonic clock.
 */
export class DeviceBudgets {
  readonly #throttled = new Set<string>();
  readonly #devices = new BoundedMap<string, Spent>(MAX_DEVICES, (name) => this.#throttled.delete(name));

  constructor(private readonly limits: DeviceBudgetLimits) {}

  /** Whether any device may be throttled: nearly always none is. */
  get hasThrottled(): boolean {
    return this.#throttled.size > 0;
  }

  /** How long the device stays throttled; 0 when its messages are parsed. */
  leftMs(deviceName: string, now: number): number {
    if (!this.#throttled.has(deviceName)) return 0;
    const leftMs = (this.#devices.get(deviceName)?.throttledUntil ?? 0) - now;
    if (leftMs > 0) return leftMs;
    this.#throttled.delete(deviceName);
    return 0;
  }

  /** @param milliseconds of script time, for one message */
  took(deviceName: string, milliseconds: number, now: number): void {
    this.#charge(deviceName, milliseconds / this.limits.scriptMsPerSecond, now);
  }

  /** One message failed. */
  failed(deviceName: string, now: number): void {
    this.#charge(deviceName, 1 / this.limits.failuresPerSecond, now);
  }

  /** One message ran out of time or memory. */
  broke(deviceName: string, now: number): void {
    this.#charge(deviceName, BREAK_SECONDS, now);
  }

  #charge(deviceName: string, seconds: number, now: number): void {
    const spent = this.#devices.get(deviceName) ?? { seconds: 0, at: now, throttledUntil: 0, lengthMs: 0 };
    this.#devices.set(deviceName, spent);
    spent.seconds = Math.max(spent.seconds - (now - spent.at) / 1_000, 0) + seconds;
    spent.at = now;
    if (spent.seconds < CAPACITY_SECONDS || spent.throttledUntil > now) return;
    const isRelapse = spent.lengthMs > 0 && now - spent.throttledUntil < LONGEST_MS;
    spent.lengthMs = isRelapse ? Math.min(spent.lengthMs * 2, LONGEST_MS) : FIRST_MS;
    spent.throttledUntil = now + spent.lengthMs;
    spent.seconds = RETURN_SECONDS;
    spent.at = spent.throttledUntil;
    this.#throttled.add(deviceName);
  }
}

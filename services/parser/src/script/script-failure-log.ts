import { BoundedMap } from '@gatehouse/bounded-map';
import type { Logger } from '@gatehouse/observability';
import type { ScriptFailure } from './script-failure.ts';

const INTERVAL_MS = 60_000;
const MAX_REMEMBERED = 10_000;

interface Told {
  readonly atMs: number;
  /** Failures since then that were not told. */
  untold: number;
}

/** A script that fails on every message is one line a minute for each way in which it fails. */
export class ScriptFailureLog {
  readonly #told = new BoundedMap<string, Told>(MAX_REMEMBERED);

  constructor(private readonly logger: Logger) {}

  /** @param version of the script; undefined when the product has none */
  failed(
    productKey: string,
    version: number | undefined,
    failure: ScriptFailure,
    nowMs = performance.now(),
  ): void {
    const key = `${productKey} ${version} ${failure.code}`;
    const before = this.#told.get(key);
    if (before !== undefined && nowMs - before.atMs < INTERVAL_MS) {
      before.untold += 1;
      return;
    }
    this.#told.set(key, { atMs: nowMs, untold: 0 });
    const { code, message, place } = failure;
    this.logger.warn(
      { productKey, version, code, reason: message, ...place, untold: before?.untold ?? 0 },
      'messages of a product cannot be parsed',
    );
  }
}

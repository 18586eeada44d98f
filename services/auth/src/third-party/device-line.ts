/**
 * One piece of work under way for each device: an identical request shares it, a different one waits for its
 * turn behind it.
 */
export class DeviceLine<Result> {
  readonly #lines = new Map<string, Line<Result>>();

  /** @param maxRequests different requests of one device, the one under way included */
  constructor(private readonly maxRequests: number) {}

  /**
   * @param work called when it is this request's turn; never rejects
   * @param giveUpAfterMs how long a turn is waited for
   * @returns `undefined` when there was no turn: too many wait, or for too long
   */
  join(
    device: string,
    request: string,
    work: () => Promise<Result>,
    giveUpAfterMs: number,
  ): { readonly isShared: boolean; readonly result: Promise<Result | undefined> } {
    const line = this.#lines.get(device) ?? { requests: new Map(), free: undefined };
    const shared = line.requests.get(request);
    if (shared !== undefined) return { isShared: true, result: shared };
    if (line.requests.size >= this.maxRequests) {
      return { isShared: false, result: Promise.resolve(undefined) };
    }

    this.#lines.set(device, line);
    const turn = line.free === undefined ? work() : inTurn(line.free, work, giveUpAfterMs);
    const result = turn.finally(() => {
      line.requests.delete(request);
      if (line.requests.size === 0) this.#lines.delete(device);
    });
    line.requests.set(request, result);
    // Who gave up leaves the place to whoever was before, not to who comes after.
    line.free = bothDone(line.free, result);
    return { isShared: false, result };
  }
}

interface Line<Result> {
  readonly requests: Map<string, Promise<Result | undefined>>;
  /** Settles when all that came before are done. */
  free: Promise<unknown> | undefined;
}

/** Resolves to nothing: what each resolved to would be held for as long as the line is never empty. */
async function bothDone(one: Promise<unknown> | undefined, other: Promise<unknown>): Promise<void> {
  await Promise.allSettled([one, other]);
}

function inTurn<Result>(
  turn: Promise<unknown>,
  work: () => Promise<Result>,
  giveUpAfterMs: number,
): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    let hasGivenUp = false;
    const timer = setTimeout(() => {
      hasGivenUp = true;
      resolve(undefined);
    }, giveUpAfterMs);
    void turn.finally(() => {
      clearTimeout(timer);
      if (!hasGivenUp) work().then(resolve, reject);
    });
  });
}

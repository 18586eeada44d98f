import ivm from 'isolated-vm';
import {
  FUNCTION_CHECK_SOURCE,
  HARNESS_SOURCE,
  PROGRESS_WORDS,
  SCRIPT_FILE,
  TOPIC_SEPARATOR,
} from './isolate-harness.ts';
import { SCRIPT_FAILURE_CODE, ScriptFailure } from './script-failure.ts';
import type { ScriptInput } from './script-sandbox.ts';

export interface ScriptLimits {
  /** For one message. */
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** Of one result, as JSON. */
  readonly maxResultBytes: number;
}

/** Time for the script's top level and for compiling it: done once, so it may take longer than a message. */
const LOAD_TIMEOUT_MS = 300;
/** For everything that loading takes, on a busy machine. */
const WHOLE_LOAD_TIMEOUT_MS = 750;
/** An isolate that was told to end and did not within this time is beyond control. */
const END_TIMEOUT_MS = 1_000;
const NOT_STARTED = -1;

/** What a run came to in its time: the lines of its first messages, and which of them took long. */
export interface FinishedRun {
  readonly lines: string;
  /** At least 1. */
  readonly count: number;
  readonly slow: readonly { readonly index: number; readonly milliseconds: number }[];
}

/** A run that did not come to its end: at which of its messages, why, and whether the isolate still holds a thread. */
export interface BrokenRun {
  readonly index: number;
  readonly message: string;
  readonly isLost: boolean;
  /** It was ended because nobody wants its results any more. */
  readonly isGivenUp: boolean;
}

/** Why a script was not loaded, and whether its isolate still holds a thread. */
export interface BrokenLoad {
  readonly failure: ScriptFailure;
  /** Time or memory ran out, which a busy machine may be guilty of too. */
  readonly mayPass: boolean;
  readonly isLost: boolean;
}

/** One script in one isolate of its own. When a run breaks it is used up: load the script again. */
export class LoadedScript {
  #cpuSeen = 0n;

  private constructor(
    private readonly isolate: ivm.Isolate,
    private readonly transformBatch: ivm.Reference,
    // Shared memory: when an isolate dies it can no longer say which message it was working on.
    private readonly progress: { readonly seen: Int32Array; readonly inside: ivm.Reference },
    private readonly limits: ScriptLimits,
  ) {}

  static async load(code: string, limits: ScriptLimits): Promise<LoadedScript | BrokenLoad> {
    const isolate = new ivm.Isolate({
      memoryLimit: limits.memoryMb,
      // Without a listener isolated-vm ends the process on the spot; the watch over each run notices by itself.
      onCatastrophicError: () => undefined,
    });
    const loading = LoadedScript.#loadInto(isolate, code, limits);
    loading.catch(() => undefined);
    const watch = watchOverLoad(isolate);
    try {
      return await Promise.race([loading, watch.lost]);
    } catch (error) {
      if (!isolate.isDisposed) isolate.dispose();
      return brokenLoad(error, watch.verdict());
    } finally {
      watch.end();
    }
  }

  /** Never enters the isolate from this thread: what the script makes of its globals may run whenever they are read. */
  static async #loadInto(
    isolate: ivm.Isolate,
    code: string,
    limits: ScriptLimits,
  ): Promise<LoadedScript | BrokenLoad> {
    const timeout = LOAD_TIMEOUT_MS;
    const context = await isolate.createContext();
    const transformBatch: ivm.Reference = await context.eval(HARNESS_SOURCE, { reference: true, timeout });
    const seen = new Int32Array(new SharedArrayBuffer(PROGRESS_WORDS * Int32Array.BYTES_PER_ELEMENT));
    const inside: ivm.Reference = await context.evalClosure(
      'return $0',
      [new ivm.ExternalCopy(seen).copyInto()],
      { result: { reference: true }, timeout },
    );
    await context.eval(code, { filename: SCRIPT_FILE, timeout });
    const hasFunction: unknown = await context.eval(FUNCTION_CHECK_SOURCE, { copy: true, timeout });
    if (hasFunction === true) return new LoadedScript(isolate, transformBatch, { seen, inside }, limits);
    isolate.dispose();
    const failure = new ScriptFailure(
      SCRIPT_FAILURE_CODE.functionMissing,
      'the script has no function transformPayload(topic, rawData)',
    );
    return { failure, mayPass: false, isLost: false };
  }

  /** Seconds of CPU time since it was asked last. */
  takeCpuSeconds(): number {
    const now = this.isolate.isDisposed ? this.#cpuSeen : this.isolate.cpuTime;
    const spent = Number(now - this.#cpuSeen) / 1e9;
    this.#cpuSeen = now;
    return spent;
  }

  /**
   * @param isGivenUp asked now and then: whether to end the run, and the isolate with it
   * @returns one line for each input that its time was enough for, or where the run broke
   */
  async run(
    inputs: readonly ScriptInput[],
    isGivenUp: () => boolean = () => false,
  ): Promise<FinishedRun | BrokenRun> {
    this.progress.seen[0] = NOT_STARTED;
    const batch = [
      this.progress.inside.derefInto(),
      new ivm.ExternalCopy(bufferOf(inputs), { transferOut: true }).copyInto({
        release: true,
        transferIn: true,
      }),
      inputs.length,
      inputs.length === 1 ? inputs[0]?.topic : inputs.map(({ topic }) => topic).join(TOPIC_SEPARATOR),
    ];
    const run: Promise<unknown> = this.transformBatch.apply(undefined, batch, {
      result: { copy: true },
    });
    const watch = this.#watch(isGivenUp);
    try {
      return this.#finished(String(await Promise.race([run, watch.lost])));
    } catch (error) {
      return this.#broken(error, watch.verdict());
    } finally {
      watch.end();
      run.catch(() => undefined);
    }
  }

  dispose(): void {
    if (!this.isolate.isDisposed) this.isolate.dispose();
  }

  /** Ends the isolate when one message is in work for longer than the limit, 1.5 times the limit at the latest. */
  #watch(isGivenUp: () => boolean) {
    let seen = NOT_STARTED;
    let unchanged = 0;
    let verdict: Verdict = 'in time';
    const { promise: lost, reject: lose } = Promise.withResolvers<never>();
    lost.catch(() => undefined);
    let end: NodeJS.Timeout | undefined;
    const tick = setInterval(() => {
      const index = this.progress.seen[0] ?? NOT_STARTED;
      unchanged = index === seen && index !== NOT_STARTED ? unchanged + 1 : 0;
      seen = index;
      if (verdict !== 'in time') return;
      if (unchanged >= 2) verdict = 'stuck';
      else if (isGivenUp()) verdict = 'given up';
      else return;
      end = setTimeout(() => {
        verdict = 'lost';
        lose(new Error('the isolate does not end'));
      }, END_TIMEOUT_MS);
      this.dispose();
    }, this.limits.timeoutMs / 2);
    return {
      lost,
      verdict: () => verdict,
      end: () => {
        clearInterval(tick);
        clearTimeout(end);
      },
    };
  }

  #finished(lines: string): FinishedRun {
    const { seen } = this.progress;
    const slow = Array.from({ length: seen[1] ?? 0 }, (_, each) => ({
      index: seen[2 + 2 * each] ?? 0,
      milliseconds: seen[3 + 2 * each] ?? 0,
    }));
    return { lines, count: (seen[0] ?? 0) + 1, slow };
  }

  #broken(error: unknown, verdict: Verdict): BrokenRun {
    const reason = error instanceof Error ? error.message : String(error);
    const message =
      verdict === 'in time'
        ? reason.includes('memory limit')
          ? `transformPayload needs more than ${this.limits.memoryMb} MB of memory`
          : reason
        : `transformPayload took longer than ${this.limits.timeoutMs} ms`;
    this.dispose();
    return {
      index: Math.max(this.progress.seen[0] ?? 0, 0),
      message,
      isLost: verdict === 'lost',
      isGivenUp: verdict === 'given up',
    };
  }
}

/** Lengths (u32 of this machine's order), then the payloads one behind the other. */
function bufferOf(inputs: readonly ScriptInput[]): ArrayBuffer {
  let size = inputs.length * Uint32Array.BYTES_PER_ELEMENT;
  for (const { payload } of inputs) size += payload.length;
  const buffer = new ArrayBuffer(size);
  const lengths = new Uint32Array(buffer, 0, inputs.length);
  const bytes = new Uint8Array(buffer);
  let at = lengths.byteLength;
  for (const [index, { payload }] of inputs.entries()) {
    lengths[index] = payload.length;
    bytes.set(payload, at);
    at += payload.length;
  }
  return buffer;
}

type Verdict = 'in time' | 'stuck' | 'given up' | 'lost';

/** Ends the isolate when loading takes too long; when that is of no use, `lost` rejects. */
function watchOverLoad(isolate: ivm.Isolate) {
  let verdict: Verdict = 'in time';
  const { promise: lost, reject: lose } = Promise.withResolvers<never>();
  lost.catch(() => undefined);
  let timer = setTimeout(() => {
    verdict = 'stuck';
    timer = setTimeout(() => {
      verdict = 'lost';
      lose(new Error('the isolate does not end'));
    }, END_TIMEOUT_MS);
    if (!isolate.isDisposed) isolate.dispose();
  }, WHOLE_LOAD_TIMEOUT_MS);
  return { lost, verdict: () => verdict, end: () => clearTimeout(timer) };
}

/** `SyntaxError: Unexpected token '}' [transform-payload.js:3:1]` and the like. */
function brokenLoad(error: unknown, verdict: Verdict): BrokenLoad {
  const { name = 'Error', message = String(error) } = error instanceof Error ? error : {};
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const place = /transform-payload\.js:(\d+):(\d+)/.exec(`${message}\n${stack}`);
  const plain = message.replace(/ \[transform-payload\.js:\d+:\d+\]$/, '');
  const isOutOfTime = verdict !== 'in time' || plain === 'Script execution timed out.';
  const isOutOfMemory = plain.includes('memory limit') || plain.includes('disposed');
  const failure = new ScriptFailure(
    SCRIPT_FAILURE_CODE.exception,
    isOutOfTime ? 'the script itself does not come to an end' : `${name}: ${plain}`,
    place === null ? undefined : { line: Number(place[1]), column: Number(place[2]) },
  );
  return { failure, mayPass: isOutOfTime || isOutOfMemory, isLost: verdict === 'lost' };
}

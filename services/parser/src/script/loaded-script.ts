import ivm from 'isolated-vm';
import { GLOBALS_SOURCE } from './isolate-globals.ts';
import {
  FUNCTION_CHECK_SOURCE,
  HARNESS_SOURCE,
  PROGRESS_WORDS,
  SCRIPT_FILE,
  SCRIPT_FUNCTION_NAMES,
  SCRIPT_FUNCTIONS,
  TOPIC_SEPARATOR,
  type ScriptFunction,
} from './isolate-harness.ts';
import { SCRIPT_FAILURE_CODE, ScriptFailure } from './script-failure.ts';
import type { ScriptInput } from './script-sandbox.ts';
import { TRIAL_CONSOLE_SOURCE, type TrialConsole } from './trial-console.ts';

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
/** Characters of an exception that are kept. */
const MAX_MESSAGE = 500;

/** What a run came to in its time: the lines of its first messages, and which of them took long. */
export interface FinishedRun {
  readonly lines: string;
  /** At least 1. */
  readonly count: number;
  readonly slow: readonly { readonly index: number; readonly milliseconds: number }[];
}

/** A run that did not come to its end. */
export interface BrokenRun {
  /** At which of its messages: one, or all that were done when what they left to promises broke it. */
  readonly guilty: readonly [from: number, to: number];
  readonly failure: ScriptFailure;
  /** `spent`: load the script again. `lost`: the same, and the isolate holds its thread and memory for good. */
  readonly isolate: 'intact' | 'spent' | 'lost';
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

/** What reaches into an isolate. */
interface Handles {
  readonly isolate: ivm.Isolate;
  readonly harness: ivm.Reference;
  /** Shared memory: when an isolate dies it can no longer say which message it was working on. */
  readonly progress: { readonly seen: Int32Array; readonly inside: ivm.Reference };
}

/** One script in one isolate of its own. When a run breaks it is used up: load the script again. */
export class LoadedScript {
  readonly #isolate: ivm.Isolate;
  readonly #progress: Handles['progress'];
  #cpuSeen = 0n;

  private constructor(
    private readonly handles: Handles,
    private readonly functions: ReadonlySet<ScriptFunction>,
    private readonly limits: ScriptLimits,
  ) {
    this.#isolate = handles.isolate;
    this.#progress = handles.progress;
  }

  /** @param console gets what the script writes; without it the script's console does nothing */
  static async load(
    code: string,
    limits: ScriptLimits,
    console?: TrialConsole,
  ): Promise<LoadedScript | BrokenLoad> {
    const isolate = new ivm.Isolate({
      memoryLimit: limits.memoryMb,
      // Without a listener isolated-vm ends the process on the spot; the watch over each run notices by itself.
      onCatastrophicError: () => undefined,
    });
    const loading = LoadedScript.#loadInto(isolate, { code, console }, limits);
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
    { code, console }: { readonly code: string; readonly console: TrialConsole | undefined },
    limits: ScriptLimits,
  ): Promise<LoadedScript | BrokenLoad> {
    const timeout = LOAD_TIMEOUT_MS;
    const context = await isolate.createContext();
    const harness: ivm.Reference = await context.eval(HARNESS_SOURCE, { reference: true, timeout });
    const seen = new Int32Array(new SharedArrayBuffer(PROGRESS_WORDS * Int32Array.BYTES_PER_ELEMENT));
    const inside: ivm.Reference = await context.evalClosure(
      'return $0',
      [new ivm.ExternalCopy(seen).copyInto()],
      { result: { reference: true }, timeout },
    );
    await context.eval(GLOBALS_SOURCE, { timeout });
    if (console !== undefined) {
      const memory = new ivm.ExternalCopy(console.memory).copyInto();
      await context.evalClosure(TRIAL_CONSOLE_SOURCE, [memory], { timeout });
    }
    await context.eval(code, { filename: SCRIPT_FILE, timeout });
    const found: unknown = await context.eval(FUNCTION_CHECK_SOURCE, { copy: true, timeout });
    const functions = namesOf(Number(found));
    return new LoadedScript({ isolate, harness, progress: { seen, inside } }, functions, limits);
  }

  /** The function that is called for uplink messages; undefined when the script has none. */
  get uplinkFunction(): ScriptFunction | undefined {
    return (['transformPayload', 'rawDataToProtocol'] as const).find((name) => this.functions.has(name));
  }

  get downlinkFunction(): ScriptFunction | undefined {
    return this.functions.has('protocolToRawData') ? 'protocolToRawData' : undefined;
  }

  /** Seconds of CPU time since it was asked last. */
  takeCpuSeconds(): number {
    const now = this.#isolate.isDisposed ? this.#cpuSeen : this.#isolate.cpuTime;
    const spent = Number(now - this.#cpuSeen) / 1e9;
    this.#cpuSeen = now;
    return spent;
  }

  /** Heap and buffers, garbage included; undefined when the isolate is gone. */
  async heapBytes(): Promise<number | undefined> {
    if (this.#isolate.isDisposed) return undefined;
    const heap = await this.#isolate.getHeapStatistics();
    return heap.used_heap_size + heap.externally_allocated_size;
  }

  /**
   * @param isGivenUp asked now and then: whether to end the run, and the isolate with it
   * @returns one line for each input that its time was enough for, or where the run broke
   */
  run(
    name: ScriptFunction,
    inputs: readonly ScriptInput[],
    isGivenUp?: () => boolean,
  ): Promise<FinishedRun | BrokenRun> {
    const topics =
      inputs.length === 1 ? inputs[0]?.topic : inputs.map(({ topic }) => topic).join(TOPIC_SEPARATOR);
    const buffer = new ivm.ExternalCopy(bufferOf(inputs), { transferOut: true });
    const bytes = buffer.copyInto({ release: true, transferIn: true });
    return this.#call(name, [bytes, inputs.length, topics], isGivenUp);
  }

  /** @returns one line, or why the run broke */
  encode(name: ScriptFunction, json: string): Promise<FinishedRun | BrokenRun> {
    return this.#call(name, [undefined, 1, json]);
  }

  async #call(
    name: ScriptFunction,
    inputs: readonly unknown[],
    isGivenUp: () => boolean = () => false,
  ): Promise<FinishedRun | BrokenRun> {
    this.#progress.seen[0] = NOT_STARTED;
    this.#progress.seen[1] = 0;
    const run: Promise<unknown> = this.handles.harness.apply(
      undefined,
      [SCRIPT_FUNCTIONS[name], this.#progress.inside.derefInto(), ...inputs],
      { result: { copy: true } },
    );
    const watch = this.#watch(isGivenUp);
    try {
      return this.#finished(String(await Promise.race([run, watch.lost])));
    } catch (error) {
      return this.#broken(name, error, watch.verdict());
    } finally {
      watch.end();
      run.catch(() => undefined);
    }
  }

  dispose(): void {
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
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
      const index = this.#progress.seen[0] ?? NOT_STARTED;
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
    const { seen } = this.#progress;
    const slow = Array.from({ length: seen[2] ?? 0 }, (_, each) => ({
      index: seen[3 + 2 * each] ?? 0,
      milliseconds: seen[4 + 2 * each] ?? 0,
    }));
    return { lines, count: seen[1] ?? 0, slow };
  }

  #broken(name: ScriptFunction, error: unknown, verdict: Verdict): BrokenRun {
    const inWork = Math.max(this.#progress.seen[0] ?? 0, 0);
    const done = this.#progress.seen[1] ?? 0;
    const guilty = done > 0 ? ([0, done] as const) : ([inWork, inWork + 1] as const);
    const { message, place } = told(error);
    if (verdict === 'in time' && !this.#isolate.isDisposed) {
      const why = done > 0 ? `a promise was rejected and nobody handled it: ${message}` : message;
      return {
        guilty,
        failure: new ScriptFailure(SCRIPT_FAILURE_CODE.exception, why, place),
        isolate: 'intact',
        isGivenUp: false,
      };
    }
    this.dispose();
    const reason =
      verdict !== 'in time'
        ? `${name} took longer than ${this.limits.timeoutMs} ms`
        : message.includes('memory limit')
          ? `${name} needs more than ${this.limits.memoryMb} MB of memory`
          : message;
    const failure = new ScriptFailure(SCRIPT_FAILURE_CODE.exception, reason);
    const isolate = verdict === 'lost' ? 'lost' : 'spent';
    return { guilty, failure, isolate, isGivenUp: verdict === 'given up' };
  }
}

function namesOf(bits: number): ReadonlySet<ScriptFunction> {
  return new Set(SCRIPT_FUNCTION_NAMES.filter((name) => (bits & SCRIPT_FUNCTIONS[name]) !== 0));
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

function brokenLoad(error: unknown, verdict: Verdict): BrokenLoad {
  const { message, place } = told(error);
  const isOutOfTime = verdict !== 'in time' || message.endsWith('Script execution timed out.');
  const isOutOfMemory = message.includes('memory limit') || message.includes('disposed');
  const failure = new ScriptFailure(
    SCRIPT_FAILURE_CODE.exception,
    isOutOfTime ? 'the script itself does not come to an end' : message,
    place,
  );
  return { failure, mayPass: isOutOfTime || isOutOfMemory, isLost: verdict === 'lost' };
}

/** `SyntaxError: Unexpected token '}' [transform-payload.js:3:1]` and the like, and where that is. */
function told(error: unknown): { message: string; place: ScriptFailure['place'] } {
  const whole = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const place = /transform-payload\.js:(\d+):(\d+)/.exec(`${whole}\n${stack}`);
  const message = whole.replace(/ \[transform-payload\.js:\d+:\d+\]$/, '');
  return {
    // One line of whole characters, as the harness makes of what it catches itself.
    message: message
      .slice(0, MAX_MESSAGE)
      .replaceAll(/ ?[\r\n]+/g, ' ')
      .toWellFormed(),
    place: place === null ? undefined : { line: Number(place[1]), column: Number(place[2]) },
  };
}

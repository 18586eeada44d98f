import type { CountedTotal } from '@gatehouse/observability';
import { FAILURE_MARK, RESULT_SEPARATOR } from './isolate-harness.ts';
import { LoadedScript, type BrokenRun, type ScriptLimits } from './loaded-script.ts';
import { SCRIPT_FAILURE_CODE, ScriptFailure, type ScriptFailureCode } from './script-failure.ts';
import { ScriptPause } from './script-pause.ts';
import {
  ScriptSandboxes,
  type ScriptInput,
  type ScriptOutcome,
  type ScriptSandbox,
} from './script-sandbox.ts';

/** What sandboxes tell of themselves. */
export interface SandboxReports {
  readonly scriptCpuSeconds: CountedTotal;
  /** An isolate does not end and holds its thread and memory for as long as the process lives. */
  readonly onIsolateLost: () => void;
}

/** Sandboxes made of V8 isolates inside this process. */
export class IsolateSandboxes extends ScriptSandboxes {
  constructor(
    private readonly limits: ScriptLimits,
    private readonly reports: SandboxReports,
  ) {
    super();
  }

  open(code: string): ScriptSandbox {
    return new IsolateSandbox(code, this.limits, this.reports);
  }
}

const MARK_BYTE = FAILURE_MARK.charCodeAt(0);
const SEPARATOR_BYTE = RESULT_SEPARATOR.charCodeAt(0);

/**
 * One call into the isolate for a whole batch: crossing over costs ten times what most scripts do. When the
 * isolate dies on the way, the message it died of is tried once more by itself, in a fresh isolate, so that
 * it answers neither for its neighbours nor for a busy machine. A script that breaks too often is stopped for
 * a while, since everybody waits for it: then its messages fail at once.
 */
class IsolateSandbox implements ScriptSandbox {
  #script: LoadedScript | ScriptFailure | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #pause = new ScriptPause();

  constructor(
    private readonly code: string,
    private readonly limits: ScriptLimits,
    private readonly reports: SandboxReports,
  ) {}

  run(inputs: readonly ScriptInput[]): Promise<readonly ScriptOutcome[]> {
    const outcomes = this.#turn.then(() => this.#runInTurn(inputs));
    this.#turn = outcomes.catch(() => undefined);
    return outcomes;
  }

  retire(): void {
    this.#turn = this.#turn.then(() => this.#unload());
  }

  async #runInTurn(inputs: readonly ScriptInput[]): Promise<ScriptOutcome[]> {
    const outcomes: ScriptOutcome[] = Array.from({ length: inputs.length });
    const stopped = this.#stopped();
    if (stopped !== undefined) return outcomes.fill(stopped);
    let ranges: [from: number, to: number][] = [[0, inputs.length]];
    let isLastTry = false;
    for (let range = ranges.shift(); range !== undefined; range = ranges.shift()) {
      const [from, to] = range;
      if (from === to) continue;
      const script = await this.#loaded();
      if (script instanceof ScriptFailure) return outcomes.fill(script, from, isLastTry ? to : undefined);
      const lines = await script.run(inputs.slice(from, to));
      this.reports.scriptCpuSeconds.add(script.takeCpuSeconds());
      if (typeof lines === 'string') {
        this.#readLines(lines, outcomes, from, to);
        continue;
      }
      this.#unload();
      const guilty = from + lines.index;
      if (!lines.isLost && !isLastTry && to - from > 1) {
        ranges.unshift([from, guilty], [guilty, guilty + 1], [guilty + 1, to]);
        continue;
      }
      const failure = this.#broke(lines);
      const stop = this.#stopped();
      if (isLastTry) {
        outcomes.fill(failure, from, to);
        continue;
      }
      outcomes[guilty] = failure;
      if (stop !== undefined) {
        outcomes.fill(stop, guilty + 1);
        // What went well before the guilty one gets its results, but has no second chance.
        ranges = [[from, guilty]];
        isLastTry = true;
      }
    }
    return outcomes;
  }

  /** Why no message is tried now, when none is. */
  #stopped(): ScriptFailure | undefined {
    const leftMs = this.#pause.leftMs(performance.now());
    if (leftMs === 0) return undefined;
    const until = new Date(Date.now() + leftMs).toISOString();
    return new ScriptFailure(
      SCRIPT_FAILURE_CODE.stopped,
      `the script ran out of time or memory too often and is stopped until ${until}, or until it is changed`,
    );
  }

  #broke({ isLost, message }: BrokenRun): ScriptFailure {
    if (isLost) {
      this.#pause.stop(performance.now());
      this.reports.onIsolateLost();
    } else this.#pause.broke(performance.now());
    return new ScriptFailure(SCRIPT_FAILURE_CODE.exception, message);
  }

  /** Tries twice when time or memory ran out; what may pass is not held against the script for longer than its pause. */
  async #loaded(): Promise<LoadedScript | ScriptFailure> {
    if (this.#script !== undefined) return this.#script;
    let loaded = await LoadedScript.load(this.code, this.limits);
    if (!(loaded instanceof LoadedScript) && loaded.mayPass && !loaded.isLost) {
      loaded = await LoadedScript.load(this.code, this.limits);
    }
    if (loaded instanceof LoadedScript) return (this.#script = loaded);
    if (!loaded.mayPass) return (this.#script = loaded.failure);
    this.#pause.stop(performance.now());
    if (loaded.isLost) this.reports.onIsolateLost();
    return loaded.failure;
  }

  #unload(): void {
    if (this.#script instanceof LoadedScript) this.#script.dispose();
    this.#script = undefined;
  }

  #readLines(lines: string, outcomes: ScriptOutcome[], from: number, to: number): void {
    const bytes = Buffer.from(lines);
    let at = 0;
    for (let index = from; index < to; index += 1) {
      const separator = index === to - 1 ? -1 : bytes.indexOf(SEPARATOR_BYTE, at);
      const end = separator === -1 ? bytes.length : separator;
      outcomes[index] = this.#outcomeOf(bytes.subarray(at, end));
      at = end + 1;
    }
  }

  #outcomeOf(line: Buffer): ScriptOutcome {
    if (line[0] === MARK_BYTE) return failureOf(line.toString());
    if (line.length <= this.limits.maxResultBytes) return line;
    return new ScriptFailure(
      SCRIPT_FAILURE_CODE.wrongType,
      `the result has ${line.length} bytes of JSON; ${this.limits.maxResultBytes} are allowed`,
    );
  }
}

/** `!26002 3:17 TypeError: …`, as the harness writes it. */
function failureOf(line: string): ScriptFailure {
  const [, code = '', row, column, message = ''] = /^!(\d+) (\d+):(\d+) (.*)$/s.exec(line) ?? [];
  const place = { line: Number(row), column: Number(column) };
  return new ScriptFailure(code as ScriptFailureCode, message, place.line > 0 ? place : undefined);
}

import type { CountedTotal } from '@gatehouse/observability';
import { FAILURE_MARK, RESULT_SEPARATOR } from './isolate-harness.ts';
import { LoadedScript, type ScriptLimits } from './loaded-script.ts';
import { SCRIPT_FAILURE_CODE, ScriptFailure, type ScriptFailureCode } from './script-failure.ts';
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
 * it answers neither for its neighbours nor for a busy machine.
 */
class IsolateSandbox implements ScriptSandbox {
  #script: LoadedScript | ScriptFailure | undefined;
  #turn: Promise<unknown> = Promise.resolve();

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
    const ranges: [from: number, to: number][] = [[0, inputs.length]];
    for (let range = ranges.shift(); range !== undefined; range = ranges.shift()) {
      const [from, to] = range;
      if (from === to) continue;
      this.#script ??= await LoadedScript.load(this.code, this.limits);
      if (this.#script instanceof ScriptFailure) {
        outcomes.fill(this.#script, from, to);
        continue;
      }
      const lines = await this.#script.run(inputs.slice(from, to));
      this.reports.scriptCpuSeconds.add(this.#script.takeCpuSeconds());
      if (typeof lines === 'string') {
        this.#readLines(lines, outcomes, from, to);
        continue;
      }
      this.#unload();
      if (lines.isLost) this.reports.onIsolateLost();
      const guilty = from + lines.index;
      if (lines.isLost || to - from === 1) {
        outcomes[guilty] = new ScriptFailure(SCRIPT_FAILURE_CODE.exception, lines.message);
        ranges.unshift([from, guilty], [guilty + 1, to]);
      } else {
        ranges.unshift([from, guilty], [guilty, guilty + 1], [guilty + 1, to]);
      }
    }
    return outcomes;
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

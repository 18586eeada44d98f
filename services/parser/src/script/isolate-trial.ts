import { IsolateSandbox, type SandboxReports } from './isolate-sandbox.ts';
import type { ScriptLimits } from './loaded-script.ts';
import {
  ScriptTrials,
  type ScriptOutcome,
  type ScriptTrial,
  type TrialInput,
  type TrialResult,
} from './script-sandbox.ts';
import { TrialConsole } from './trial-console.ts';

/** Trials in V8 isolates inside this process. */
export class IsolateTrials extends ScriptTrials {
  constructor(
    private readonly limits: ScriptLimits,
    private readonly reports: SandboxReports,
  ) {
    super();
  }

  openTrial(code: string): ScriptTrial {
    return new IsolateTrial(code, this.limits, this.reports);
  }
}

/** A sandbox that is called for one message at a time, and asked afterwards what it took. */
class IsolateTrial implements ScriptTrial {
  readonly #console = new TrialConsole();
  readonly #sandbox: IsolateSandbox;
  #tookMs = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(code: string, limits: ScriptLimits, reports: SandboxReports) {
    this.#sandbox = new IsolateSandbox(code, limits, reports, {
      probe: {
        console: this.#console,
        called: (elapsedMs, cpuSeconds) => {
          this.#tookMs = cpuSeconds === undefined ? elapsedMs : cpuSeconds * 1_000;
        },
      },
    });
  }

  run(input: TrialInput): Promise<TrialResult> {
    const result = this.#turn.then(() => this.#runInTurn(input));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  retire(): void {
    this.#sandbox.retire();
  }

  async #runInTurn(input: TrialInput): Promise<TrialResult> {
    this.#tookMs = 0;
    const outcome = await this.#outcomeOf(input);
    const heapBytes = await this.#sandbox.heapBytes();
    return { outcome, log: this.#console.take(), tookMs: this.#tookMs, heapBytes };
  }

  async #outcomeOf(input: TrialInput): Promise<ScriptOutcome> {
    if (input.direction === 'downlink') return this.#sandbox.encode(input.json);
    const [outcome] = await this.#sandbox.run([input]);
    return outcome ?? new Uint8Array();
  }
}

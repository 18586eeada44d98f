import type { CountedTotal } from '@gatehouse/observability';
import { DeviceBudgets, type DeviceBudgetLimits } from './device-budgets.ts';
import { FAILURE_MARK, RESULT_SEPARATOR, type ScriptFunction } from './isolate-harness.ts';
import {
  LoadedScript,
  type BrokenLoad,
  type BrokenRun,
  type FinishedRun,
  type ScriptLimits,
} from './loaded-script.ts';
import { PatientControl } from './patient-control.ts';
import { SCRIPT_FAILURE_CODE, ScriptFailure, type ScriptFailureCode } from './script-failure.ts';
import { ScriptPause } from './script-pause.ts';
import {
  ScriptSandboxes,
  type RunControl,
  type ScriptInput,
  type ScriptOutcome,
  type ScriptSandbox,
} from './script-sandbox.ts';
import type { TrialConsole } from './trial-console.ts';

/** What sandboxes tell of themselves. */
export interface SandboxReports {
  readonly scriptCpuSeconds: Pick<CountedTotal, 'add'>;
  /** An isolate does not end and holds its thread and memory for as long as the process lives. */
  readonly onIsolateLost: () => void;
}

/** When a device is throttled, and when a script is stopped for all. */
export interface BudgetLimits extends DeviceBudgetLimits {
  /** Devices whose messages run out of time or memory within 5 s. */
  readonly devicesThatStop: number;
}

const DEFAULT_BUDGETS: BudgetLimits = { scriptMsPerSecond: 100, failuresPerSecond: 10, devicesThatStop: 3 };

/** Sandboxes made of V8 isolates inside this process. */
export class IsolateSandboxes extends ScriptSandboxes {
  constructor(
    private readonly limits: ScriptLimits,
    private readonly reports: SandboxReports,
    private readonly budgets = DEFAULT_BUDGETS,
  ) {
    super();
  }

  open(code: string): ScriptSandbox {
    return new IsolateSandbox(code, this.limits, this.reports, { budgets: this.budgets });
  }
}

const NOBODY_WAITS: RunControl = { givenUp: () => undefined, ran: () => undefined };

interface Throttles {
  readonly pause: ScriptPause;
  readonly devices: DeviceBudgets;
}

/** What an isolate is called for: batches of uplink messages, or one downlink message. */
interface Work {
  readonly inputs: readonly ScriptInput[];
  readonly control: PatientControl;
  readonly signature: string;
  functionOf(script: LoadedScript): ScriptFunction | undefined;
  run(
    script: LoadedScript,
    name: ScriptFunction,
    inputs: readonly ScriptInput[],
  ): Promise<FinishedRun | BrokenRun>;
  payloadOf(line: Buffer): Buffer;
}

/** What a finished call is charged by. */
interface Charged {
  readonly inputs: readonly ScriptInput[];
  readonly outcomes: readonly ScriptOutcome[];
  /** Of its time: the rest was the machine's, which was busy. */
  readonly cpuShare: number;
}

const DOWNLINK_INPUTS: readonly ScriptInput[] = [{ topic: '', payload: new Uint8Array() }];

export interface SandboxOptions {
  readonly budgets?: BudgetLimits;
  readonly probe?: SandboxProbe;
}

/** What only trials ask for. */
export interface SandboxProbe {
  readonly console: TrialConsole;
  /** @param cpuSeconds of the call; undefined when the isolate had to be ended */
  called(elapsedMs: number, cpuSeconds: number | undefined): void;
}

const MARK_BYTE = FAILURE_MARK.charCodeAt(0);
const SEPARATOR_BYTE = RESULT_SEPARATOR.charCodeAt(0);

/**
 * One call into the isolate for a whole batch: crossing over costs ten times what most scripts do. When the
 * isolate dies on the way, the message it died of is tried once more by itself, in a fresh isolate, so that
 * it answers neither for its neighbours nor for a busy machine. A device whose messages do that again and again
 * is throttled, and a script that breaks for several devices is stopped for a while: then its messages fail at once.
 */
export class IsolateSandbox implements ScriptSandbox {
  #script: LoadedScript | ScriptFailure | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #isRetired = false;
  readonly #probe: SandboxProbe | undefined;
  readonly #throttles: Throttles;

  constructor(
    private readonly code: string,
    private readonly limits: ScriptLimits,
    private readonly reports: SandboxReports,
    { budgets = DEFAULT_BUDGETS, probe }: SandboxOptions = {},
  ) {
    this.#probe = probe;
    this.#throttles = {
      pause: new ScriptPause(budgets.devicesThatStop),
      devices: new DeviceBudgets(budgets),
    };
  }

  run(inputs: readonly ScriptInput[], waits = NOBODY_WAITS): Promise<readonly ScriptOutcome[]> {
    const control = new PatientControl(waits);
    return this.#inTurn({
      inputs,
      control,
      signature: 'transformPayload(topic, rawData)',
      functionOf: (script) => script.uplinkFunction,
      run: (script, name, portion) => script.run(name, portion, () => control.givenUp() !== undefined),
      payloadOf: (line) => line,
    });
  }

  async encode(json: string): Promise<ScriptOutcome> {
    const [outcome] = await this.#inTurn({
      inputs: DOWNLINK_INPUTS,
      control: new PatientControl(NOBODY_WAITS),
      signature: 'protocolToRawData(jsonObj)',
      functionOf: (script) => script.downlinkFunction,
      run: (script, name) => script.encode(name, json),
      payloadOf: (line) => Buffer.from(line.toString('latin1'), 'hex'),
    });
    return outcome ?? new Uint8Array();
  }

  retire(): void {
    this.#isRetired = true;
    this.#turn = this.#turn.then(() => this.#unload());
  }

  /** Undefined when no isolate is loaded now. */
  async heapBytes(): Promise<number | undefined> {
    return this.#script instanceof LoadedScript ? this.#script.heapBytes() : undefined;
  }

  #inTurn(work: Work): Promise<readonly ScriptOutcome[]> {
    const outcomes = this.#turn.then(() => this.#runInTurn(work));
    // Whoever had it in hand when it was retired may have had the script loaded again.
    this.#turn = outcomes.catch(() => undefined).then(() => this.#isRetired && this.#unload());
    return outcomes;
  }

  async #runInTurn(work: Work): Promise<ScriptOutcome[]> {
    const { inputs, control } = work;
    const outcomes: ScriptOutcome[] = Array.from({ length: inputs.length });
    const fail = (failure: ScriptFailure, indexes: readonly number[]): void => {
      for (const index of indexes) outcomes[index] = failure;
    };
    /** What is still to be done, in order: each is one call, as far as the time of a call goes. */
    let portions: (readonly number[])[] = [inputs.map((_, index) => index)];
    /** Messages that broke their call together with others, and are tried once more by themselves. */
    const suspects = new Set<number>();
    let isLastTry = false;
    for (let next = portions.shift(); next !== undefined; next = portions.shift()) {
      const portion = this.#unthrottled(next, inputs, outcomes);
      if (portion.length === 0) continue;
      control.isPatient = portion.length === 1 && suspects.has(portion[0] ?? -1);
      const stopped = isLastTry ? undefined : (this.#stopped() ?? control.givenUp());
      if (stopped !== undefined) {
        fail(stopped, [portion, ...portions].flat());
        break;
      }
      const script = await this.#loaded();
      if (script instanceof ScriptFailure) {
        fail(script, [portion, ...portions].flat());
        break;
      }
      const name = work.functionOf(script);
      if (name === undefined) {
        fail(functionMissing(work.signature), [portion, ...portions].flat());
        break;
      }
      const { run, cpuShare } = await this.#call(
        work,
        script,
        name,
        portion.flatMap((index) => inputs[index] ?? []),
      );
      if ('lines' in run) {
        this.#readLines(run, portion, { work, outcomes });
        this.#charge(run, portion, { inputs, outcomes, cpuShare });
        if (run.count < portion.length) portions.unshift(portion.slice(run.count));
        continue;
      }
      if (run.isolate !== 'intact') this.#unload();
      const givenUp = run.isGivenUp ? control.givenUp() : undefined;
      if (givenUp !== undefined) {
        fail(givenUp, [portion, ...portions].flat());
        break;
      }
      const [from, to] = run.guilty;
      const guilty = portion[from] ?? 0;
      const before = portion.slice(0, from);
      const after = portion.slice(from + 1);
      // A trial shows what a message wrote: once.
      const isAloneOnce = run.isolate === 'spent' && !control.isPatient && this.#probe === undefined;
      const isTriedAgain = portion.length > 1 || isAloneOnce;
      if (run.isolate !== 'lost' && !isLastTry && isTriedAgain) {
        const alone = portion.slice(from, to).map((index) => [index]);
        for (const [index] of alone) if (index !== undefined) suspects.add(index);
        portions.unshift(before, ...alone, portion.slice(to));
        continue;
      }
      const failure = this.#broke(run, inputs[guilty]?.deviceName);
      if (isLastTry) {
        fail(failure, portion);
        break;
      }
      outcomes[guilty] = failure;
      const stop = this.#stopped();
      if (stop !== undefined) {
        fail(stop, [after, ...portions].flat());
        // What went well before the guilty one gets its results, but has no second chance.
        portions = [before];
        isLastTry = true;
      }
    }
    return outcomes;
  }

  async #call(
    work: Work,
    script: LoadedScript,
    name: ScriptFunction,
    inputs: readonly ScriptInput[],
  ): Promise<{ readonly run: FinishedRun | BrokenRun; readonly cpuShare: number }> {
    const startedAt = performance.now();
    const run = await work.run(script, name, inputs);
    const elapsedMs = performance.now() - startedAt;
    const cpuSeconds = script.takeCpuSeconds();
    // On a busy machine most of the time is spent waiting for the machine, which is no script's fault.
    if ('lines' in run) work.control.ran(run.count, cpuSeconds * 1_000);
    else work.control.ran(run.guilty[1], elapsedMs);
    this.reports.scriptCpuSeconds.add(cpuSeconds);
    this.#probe?.called(elapsedMs, 'lines' in run ? cpuSeconds : undefined);
    return { run, cpuShare: Math.min((cpuSeconds * 1_000) / elapsedMs, 1) };
  }

  /** The messages of a portion whose devices are not throttled; the others have failed. */
  #unthrottled(
    portion: readonly number[],
    inputs: readonly ScriptInput[],
    outcomes: ScriptOutcome[],
  ): readonly number[] {
    const { devices } = this.#throttles;
    if (!devices.hasThrottled) return portion;
    const now = performance.now();
    const failures = new Map<string, ScriptFailure>();
    return portion.filter((index) => {
      const deviceName = inputs[index]?.deviceName;
      if (deviceName === undefined) return true;
      const leftMs = devices.leftMs(deviceName, now);
      if (leftMs === 0) return true;
      const failure = failures.get(deviceName) ?? deviceThrottled(deviceName, leftMs);
      failures.set(deviceName, failure);
      outcomes[index] = failure;
      return false;
    });
  }

  #charge(
    { count, slow }: FinishedRun,
    portion: readonly number[],
    { inputs, outcomes, cpuShare }: Charged,
  ): void {
    const { devices } = this.#throttles;
    const now = performance.now();
    for (const { index, milliseconds } of slow) {
      const deviceName = inputs[portion[index] ?? -1]?.deviceName;
      if (deviceName !== undefined) devices.took(deviceName, milliseconds * cpuShare, now);
    }
    for (const index of portion.slice(0, count)) {
      const outcome = outcomes[index];
      if (!(outcome instanceof ScriptFailure)) continue;
      // A script that gives nothing has looked at the message and wants none: no trouble to anybody.
      if (outcome.code === SCRIPT_FAILURE_CODE.emptyResult) continue;
      const deviceName = inputs[index]?.deviceName;
      if (deviceName !== undefined) devices.failed(deviceName, now);
    }
  }

  /** Why no message is tried now, when none is. */
  #stopped(): ScriptFailure | undefined {
    const leftMs = this.#throttles.pause.leftMs(performance.now());
    if (leftMs === 0) return undefined;
    return new ScriptFailure(
      SCRIPT_FAILURE_CODE.stopped,
      `the script ran out of time or memory too often and is stopped until ${isoAfter(leftMs)}, or until it is changed`,
      undefined,
      'script',
    );
  }

  #broke({ isolate, failure }: BrokenRun, deviceName: string | undefined): ScriptFailure {
    const { pause, devices } = this.#throttles;
    const now = performance.now();
    if (isolate === 'lost') {
      pause.stop(now);
      this.reports.onIsolateLost();
    } else if (isolate === 'spent') {
      pause.broke(now, deviceName);
      if (deviceName !== undefined) devices.broke(deviceName, now);
    } else if (deviceName !== undefined) devices.failed(deviceName, now);
    return failure;
  }

  /** Tries twice when time or memory ran out; what may pass is not held against the script for longer than its pause. */
  async #loaded(): Promise<LoadedScript | ScriptFailure> {
    if (this.#script !== undefined) return this.#script;
    let loaded = await this.#load();
    if (!(loaded instanceof LoadedScript) && loaded.mayPass && !loaded.isLost) loaded = await this.#load();
    if (loaded instanceof LoadedScript) {
      this.reports.scriptCpuSeconds.add(loaded.takeCpuSeconds());
      return (this.#script = loaded);
    }
    if (!loaded.mayPass) return (this.#script = loaded.failure);
    this.#throttles.pause.stop(performance.now());
    if (loaded.isLost) this.reports.onIsolateLost();
    return loaded.failure;
  }

  #load(): Promise<LoadedScript | BrokenLoad> {
    return LoadedScript.load(this.code, this.limits, this.#probe?.console);
  }

  #unload(): void {
    if (this.#script instanceof LoadedScript) this.#script.dispose();
    this.#script = undefined;
  }

  #readLines(
    { lines, count }: FinishedRun,
    portion: readonly number[],
    { work, outcomes }: { readonly work: Work; readonly outcomes: ScriptOutcome[] },
  ): void {
    const bytes = Buffer.from(lines);
    let at = 0;
    for (let each = 0; each < count; each += 1) {
      const separator = each === count - 1 ? -1 : bytes.indexOf(SEPARATOR_BYTE, at);
      const end = separator === -1 ? bytes.length : separator;
      outcomes[portion[each] ?? -1] = this.#outcomeOf(bytes.subarray(at, end), work);
      at = end + 1;
    }
  }

  #outcomeOf(line: Buffer, work: Work): ScriptOutcome {
    if (line[0] === MARK_BYTE) return failureOf(line.toString());
    const payload = work.payloadOf(line);
    if (payload.length <= this.limits.maxResultBytes) return payload;
    return new ScriptFailure(
      SCRIPT_FAILURE_CODE.wrongType,
      `the result has ${payload.length} bytes of JSON; ${this.limits.maxResultBytes} are allowed`,
    );
  }
}

function functionMissing(signature: string): ScriptFailure {
  return new ScriptFailure(SCRIPT_FAILURE_CODE.functionMissing, `the script has no function ${signature}`);
}

/** `!26002 3:17 TypeError: …`, as the harness writes it. */
function failureOf(line: string): ScriptFailure {
  const [, code = '', row, column, message = ''] = /^!(\d+) (\d+):(\d+) (.*)$/s.exec(line) ?? [];
  const place = { line: Number(row), column: Number(column) };
  return new ScriptFailure(code as ScriptFailureCode, message, place.line > 0 ? place : undefined);
}

function deviceThrottled(deviceName: string, leftMs: number): ScriptFailure {
  return new ScriptFailure(
    SCRIPT_FAILURE_CODE.stopped,
    `the messages of device ${deviceName} fail or take time too often; it is throttled until ${isoAfter(leftMs)}`,
    undefined,
    'device',
  );
}

const isoAfter = (milliseconds: number): string => new Date(Date.now() + milliseconds).toISOString();

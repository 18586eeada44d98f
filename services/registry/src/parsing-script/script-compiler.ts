import { extname } from 'node:path';
import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';
import type { ParsingDraftInput } from '@gatehouse/contracts';
import { ThreadPool } from '@gatehouse/threads';
import { ScriptCompilerBusy, ScriptSyntaxInvalid } from './parsing-script.failures.ts';
import type { Compiled, CompilingOrder } from './script-compiling.ts';
import type { SyntaxProblem } from './type-stripping.ts';

const FILE = new URL(`./script-compiling-worker${extname(import.meta.url)}`, import.meta.url);
const LIMITS = {
  threads: 1,
  maxWaiting: 20,
  timeoutMs: 10_000,
  maxHeapMib: 256,
  // V8 compiles for hours what is nested deeply enough, and cannot be stopped; with this it gives up within a second.
  maxStackMib: 1,
};
/** Versions in force whose JavaScript is kept; each has 128 kB at most. */
const MAX_KEPT = 200;
const ENDLESS: SyntaxProblem = {
  line: undefined,
  column: undefined,
  message: 'the compiler does not come to an end with it; is something nested too deeply?',
};

/**
 * Compiles what customers write, on threads: a short text can be nested in such a way that the stripper of types
 * works on it for hours, or breaks for good and must be loaded again. Nothing of it is run here.
 */
export class ScriptCompiler {
  readonly #drafts: ThreadPool<CompilingOrder, Compiled>;
  /** Apart from drafts, so that no parser waits for what somebody tries. */
  readonly #submitted: ThreadPool<CompilingOrder, Compiled>;
  readonly #kept = new LeastRecentlyUsedMap<string, string>(MAX_KEPT);

  /** @param timeoutMs for one script */
  constructor(timeoutMs = LIMITS.timeoutMs) {
    const limits = { ...LIMITS, timeoutMs };
    this.#drafts = new ThreadPool(FILE, limits);
    this.#submitted = new ThreadPool(FILE, limits);
  }

  /** Called by Nest when the service stops. */
  onModuleDestroy(): Promise<unknown> {
    return Promise.all([this.#drafts.close(), this.#submitted.close()]);
  }

  /**
   * What a compiler has against a draft; undefined when there is nothing.
   *
   * @throws {ScriptCompilerBusy}
   */
  async problemOf(draft: ParsingDraftInput): Promise<SyntaxProblem | undefined> {
    const compiled = await this.#compile({ ...draft, isChecked: true });
    return compiled.outcome === 'problem' ? compiled.problem : undefined;
  }

  /**
   * The JavaScript of a draft; whether it compiles, who runs it finds out.
   *
   * @throws {ScriptSyntaxInvalid} TypeScript that is not JavaScript without its types
   * @throws {ScriptCompilerBusy}
   */
  async draftCode(draft: ParsingDraftInput): Promise<string> {
    if (draft.language === 'javascript') return draft.code;
    const compiled = await this.#compile({ ...draft, isChecked: false });
    if (compiled.outcome === 'problem') throw new ScriptSyntaxInvalid(compiled.problem);
    return compiled.code;
  }

  /**
   * The JavaScript of a version that was submitted, which has compiled before.
   *
   * @throws {ScriptCompilerBusy} so that whoever asks asks again
   */
  async submittedCode({ language, code }: ParsingDraftInput): Promise<string> {
    if (language === 'javascript') return code;
    const known = this.#kept.get(code);
    if (known !== undefined) return known;
    const compiled = await this.#submitted.run({ language, code, isChecked: false });
    if (compiled.outcome !== 'done') throw new ScriptCompilerBusy();
    if (compiled.result.outcome === 'problem') throw new ScriptSyntaxInvalid(compiled.result.problem);
    this.#kept.set(code, compiled.result.code);
    return compiled.result.code;
  }

  async #compile(order: CompilingOrder): Promise<Compiled> {
    const compiled = await this.#drafts.run(order);
    switch (compiled.outcome) {
      case 'done':
        return compiled.result;
      case 'busy':
        throw new ScriptCompilerBusy();
      case 'failed':
        return { outcome: 'problem', problem: ENDLESS };
    }
  }
}

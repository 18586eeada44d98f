import { Script } from 'node:vm';

export interface SyntaxProblem {
  /** Counts from 1; undefined when the compiler does not say. */
  readonly line: number | undefined;
  readonly message: string;
}

const FILE_NAME = 'script.js';

/** What a compiler has against a script; nothing of it is run. */
export function syntaxProblem(code: string): SyntaxProblem | undefined {
  try {
    // oxlint-disable-next-line no-new -- compiling is all that is wanted
    new Script(code, { filename: FILE_NAME });
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const line = new RegExp(`^${FILE_NAME}:(\\d+)`).exec(error.stack ?? '')?.[1];
    return { line: line === undefined ? undefined : Number(line), message: error.message };
  }
}

import { stripTypeScriptTypes } from 'node:module';

/** Line and column count from 1; undefined when the compiler does not say. */
export interface SyntaxProblem {
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly message: string;
}

/** Syntax of TypeScript that is more than types, or that is no TypeScript at all. */
export class TypesNotStripped extends Error {
  readonly problem: SyntaxProblem;

  constructor(problem: SyntaxProblem) {
    super(problem.message);
    // Not in the parameters: a test's thread takes this file as it is, and that is more than types.
    this.problem = problem;
  }
}

/** What Node shows before its error: `:3`, the lines around the place, and marks under it when it is on one line. */
const SHOWN = /^[^\n]*:(\d+)\n(?:[^\n]*\n)*?( *)\^+\n/;
const SHOWN_LINE = /^[^\n]*:(\d+)\n/;
/** What spans several lines has no marks, only its first line. */
const BLOCK = /\b(?:enum|namespace|module)\b/;

/**
 * TypeScript with its types replaced by spaces: every line and column stays where it is.
 *
 * @throws {TypesNotStripped} for enum, namespace, parameter properties, and what is no TypeScript
 */
export function strippedCode(code: string): string {
  try {
    return stripTypeScriptTypes(code);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { stack = '', message } = error;
    const line = Number(SHOWN_LINE.exec(stack)?.[1] ?? Number.NaN);
    throw new TypesNotStripped({
      line: Number.isNaN(line) ? undefined : line,
      column: columnAfter(SHOWN.exec(stack)?.[2]?.length ?? code.split('\n')[line - 1]?.search(BLOCK)),
      message,
    });
  }
}

function columnAfter(characters: number | undefined): number | undefined {
  return characters === undefined || characters < 0 ? undefined : characters + 1;
}

import type { ParsingDraftInput } from '@gatehouse/contracts';
import { syntaxProblem } from './script-syntax.ts';
import { strippedCode, TypesNotStripped, type SyntaxProblem } from './type-stripping.ts';

/** A script as its author wrote it, and whether its JavaScript is to be compiled too. */
export interface CompilingOrder extends ParsingDraftInput {
  readonly isChecked: boolean;
}

export type Compiled =
  /** The JavaScript that runs. */
  | { readonly outcome: 'compiled'; readonly code: string }
  | { readonly outcome: 'problem'; readonly problem: SyntaxProblem };

/** What becomes of an order; what the compilers themselves break of is thrown. */
export function compiled({ language, code, isChecked }: CompilingOrder): Compiled {
  try {
    const runnable = language === 'typescript' ? strippedCode(code) : code;
    const problem = isChecked ? syntaxProblem(runnable) : undefined;
    return problem === undefined ? { outcome: 'compiled', code: runnable } : { outcome: 'problem', problem };
  } catch (error) {
    if (error instanceof TypesNotStripped) return { outcome: 'problem', problem: error.problem };
    throw error;
  }
}

import { Script } from 'node:vm';
import type { ParsingDraftInput } from '@gatehouse/contracts';
import { strippedCode, TypesNotStripped, type SyntaxProblem } from './type-stripping.ts';

const FILE_NAME = 'script.js';
/** `script.js:2`, the line of the script, and a mark under the place. */
const PLACE = new RegExp(`^${FILE_NAME}:(\\d+)\\n.*\\n( *)\\^`);

/** What a compiler has against a script; nothing of it is run. */
export function syntaxProblem(script: ParsingDraftInput): SyntaxProblem | undefined {
  try {
    // oxlint-disable-next-line no-new -- compiling is all that is wanted
    new Script(runnableCode(script), { filename: FILE_NAME });
    return undefined;
  } catch (error) {
    if (error instanceof TypesNotStripped) return error.problem;
    if (!(error instanceof Error)) throw error;
    const [, line, indent = ''] = PLACE.exec(error.stack ?? '') ?? [];
    return {
      line: line === undefined ? undefined : Number(line),
      column: line === undefined ? undefined : indent.length + 1,
      message: error.message,
    };
  }
}

/**
 * The JavaScript of a script: what runs.
 *
 * @throws {TypesNotStripped}
 */
export function runnableCode({ language, code }: ParsingDraftInput): string {
  return language === 'typescript' ? strippedCode(code) : code;
}

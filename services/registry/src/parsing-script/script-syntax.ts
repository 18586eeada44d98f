import { Script } from 'node:vm';
import type { SyntaxProblem } from './type-stripping.ts';

const FILE_NAME = 'script.js';
/** `script.js:2`, the line of the script, and a mark under the place. */
const PLACE = new RegExp(`^${FILE_NAME}:(\\d+)\\n.*\\n( *)\\^`);

/** What a compiler has against a script; nothing of it is run. */
export function syntaxProblem(code: string): SyntaxProblem | undefined {
  try {
    // oxlint-disable-next-line no-new -- compiling is all that is wanted
    new Script(code, { filename: FILE_NAME });
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const [, line, indent = ''] = PLACE.exec(error.stack ?? '') ?? [];
    return {
      line: line === undefined ? undefined : Number(line),
      column: line === undefined ? undefined : indent.length + 1,
      message: error.message,
    };
  }
}

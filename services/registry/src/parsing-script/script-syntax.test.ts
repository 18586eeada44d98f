import { expect, test } from 'vitest';
import { compiled } from './script-compiling.ts';
import { syntaxProblem } from './script-syntax.ts';

const javascript = (code: string) => syntaxProblem(code);
const typescript = (code: string) => compiled({ language: 'typescript', code, isChecked: true });

test('a script that compiles has no problem, and is not run', () => {
  expect(javascript('throw new Error(); function transformPayload() { return { a: 1 }; }')).toBeUndefined();
});

test('a syntax error is told with its line and column', () => {
  expect(javascript('function transformPayload() {\n  return { a: }\n}')).toEqual({
    line: 2,
    column: 15,
    message: "Unexpected token '}'",
  });
});

test('types are no JavaScript', () => {
  expect(javascript('const a: number = 1')).toMatchObject({ line: 1, column: 7 });
});

const TYPED = `interface Reading { celsius: number }
declare const unknown: never;
function transformPayload(topic: string, rawData: number[]): Reading {
  const [first] = rawData as [number];
  return { celsius: first! } satisfies Reading;
}`;

test('types are replaced by spaces, so that every line and column stays', () => {
  const result = typescript(TYPED);
  const code = 'code' in result ? result.code : '';
  expect(code.split('\n').map((line) => line.length)).toEqual(TYPED.split('\n').map((line) => line.length));
  expect(code.split('\n')[4]?.trimEnd()).toBe('  return { celsius: first  }                  ;');
});

test.each([
  ['enum Kind { A, B }', 1, 1, /enum is not supported/],
  ['let a = 1;\n  enum Kind {\n  A,\n}', 2, 3, /enum is not supported/],
  ['\nnamespace N { export const a = 1 }', 2, 1, /namespace declaration is not supported/],
  ['class A { constructor(private a: number) {} }', 1, 31, /parameter property is not supported/],
  ['const a = <string>b;', 1, 11, /angle-bracket/],
  ['\n@sealed class A {}', 2, 1, /Invalid or unexpected token/],
  ['const a: = 1', 1, 10, /Unexpected token/],
  ['export const a: number = 1', 1, 1, /Unexpected token 'export'/],
])('%j is a problem with its place', (code, line, column, message) => {
  const problem = { line, column, message: expect.stringMatching(message) };
  expect(typescript(code)).toEqual({ outcome: 'problem', problem });
});

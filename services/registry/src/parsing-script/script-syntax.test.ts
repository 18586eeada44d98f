import { expect, test } from 'vitest';
import { syntaxProblem } from './script-syntax.ts';

test('a script that compiles has no problem, and is not run', () => {
  expect(
    syntaxProblem('throw new Error(); function transformPayload() { return { a: 1 }; }'),
  ).toBeUndefined();
});

test('a syntax error is told with its line', () => {
  expect(syntaxProblem('function transformPayload() {\n  return { a: }\n}')).toEqual({
    line: 2,
    message: "Unexpected token '}'",
  });
});

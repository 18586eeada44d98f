import { afterEach, expect, test } from 'vitest';
import { ScriptSyntaxInvalid } from './parsing-script.failures.ts';
import { ScriptCompiler } from './script-compiler.ts';

const compilers: ScriptCompiler[] = [];
const compilerWith = (timeoutMs?: number): ScriptCompiler => {
  const compiler = new ScriptCompiler(timeoutMs);
  compilers.push(compiler);
  return compiler;
};
afterEach(async () => {
  await Promise.all(compilers.splice(0).map((compiler) => compiler.onModuleDestroy()));
});

const typescript = (code: string) => ({ language: 'typescript', code }) as const;
const javascript = (code: string) => ({ language: 'javascript', code }) as const;
const ENDLESS = { message: expect.stringContaining('does not come to an end') };

test('a draft that compiles has no problem, another has one with its place', async () => {
  const compiler = compilerWith();
  expect(await compiler.problemOf(typescript('const a: number = 1;'))).toBeUndefined();
  expect(await compiler.problemOf(javascript('const a = ;'))).toMatchObject({ line: 1, column: 11 });
  await expect(compiler.draftCode(typescript('enum A { B }'))).rejects.toThrow(ScriptSyntaxInvalid);
  expect(await compiler.draftCode(javascript('const a: number = 1;'))).toBe('const a: number = 1;');
});

test('what breaks the stripper of types for good breaks it for no other script', async () => {
  const compiler = compilerWith();
  const deep = `${'f<'.repeat(4_000)}T${'>'.repeat(4_000)}(x)`;
  expect(await compiler.problemOf(typescript(deep))).toMatchObject(ENDLESS);
  await expect(compiler.draftCode(typescript(deep))).rejects.toThrow(ScriptSyntaxInvalid);
  expect(await compiler.draftCode(typescript('let a: number'))).toBe('let a        ');
  expect(await compiler.submittedCode(typescript('let a: number'))).toBe('let a        ');
});

test('what the stripper of types never comes to an end with is given up', async () => {
  const compiler = compilerWith(1_000);
  const endless = `${'a?(b):c=>'.repeat(40)}d`;
  expect(await compiler.problemOf(typescript(endless))).toMatchObject(ENDLESS);
});

test('JavaScript that V8 would compile for hours is refused', async () => {
  const compiler = compilerWith();
  const deep = `${'(a=(b='.repeat(2_000)}1${')=>1)=>1'.repeat(2_000)}`;
  expect(await compiler.problemOf(javascript(deep))).toMatchObject({
    message: expect.stringMatching(/call stack/),
  });
});

test('a version that was submitted is compiled once', async () => {
  const compiler = compilerWith();
  const version = typescript('let a: number');
  expect(await compiler.submittedCode(version)).toBe('let a        ');
  await compiler.onModuleDestroy();
  expect(await compiler.submittedCode(version)).toBe('let a        ');
});

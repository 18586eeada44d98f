import { expect, test } from 'vitest';
import { readProjectFile, sourceFiles } from './project-files.ts';

/** `readonly code = 'THE_CODE'` of a Failure. */
const IN_SOURCE = /readonly code(?:: [^=]+)? = '([A-Z0-9_]+)'/g;
/** A table row of docs/errors.md: `| \`THE_CODE\` | meaning | what to do |`. */
const IN_DOCS = /^\| `([A-Z0-9_]+)` \| (.+?) \| (.+?) \|$/gm;

const codes = ['libs', 'services', 'infra']
  .flatMap(sourceFiles)
  .flatMap((path) => [...readProjectFile(path).matchAll(IN_SOURCE)].map(([, code]) => code));
const rows = [...readProjectFile('docs/errors.md').matchAll(IN_DOCS)];

test('every error code in the sources is documented, and every documented code exists', () => {
  expect(new Set(rows.map(([, code]) => code))).toEqual(new Set(codes));
});

test('every code of a parsing script that fails is documented, and every documented one exists', () => {
  const script = readProjectFile('services/parser/src/script/script-failure.ts');
  const inScript = [...script.matchAll(/: '(\d+)',/g)].map(([, code]) => code);
  const inDocs = [...readProjectFile('docs/errors.md').matchAll(/^\| (\d+) \|/gm)].map(([, code]) => code);
  expect(new Set(inDocs)).toEqual(new Set(inScript));
});

test('an error code belongs to one failure only', () => {
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
});

test('every documented code says what it means and what to do', () => {
  for (const [, code, meaning = '', advice = ''] of rows) {
    expect(meaning.length, `meaning of ${code}`).toBeGreaterThan(10);
    expect(advice.length, `advice of ${code}`).toBeGreaterThan(10);
  }
});

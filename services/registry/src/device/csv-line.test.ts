import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvLine } from './csv-line.ts';
import { csvRecords } from './csv.ts';

test.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['-pump@plant.7', '-pump@plant.7'],
  ['=1+1', "'=1+1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
])('%j is written as %s', (text, written) => {
  expect(csvLine([text, 'x'])).toBe(`${written},x\r\n`);
});

test('what is written is read back', () => {
  const field = fc.string({ unit: fc.constantFrom('a', 'ß', '"', ',', '\n', '\r', ' ') });
  const shown = field.map((text) => text.replace(/^\r+/, ''));
  fc.assert(
    fc.property(fc.array(shown, { minLength: 2, maxLength: 5 }), (fields) => {
      expect([...csvRecords(csvLine(fields))].map((record) => record.fields)).toEqual([fields]);
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvRecords } from './csv.ts';

const read = (text: string) => [...csvRecords(text)];

test.each([
  [
    'LF',
    'a,b\nc,d',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'CRLF, and one at the end',
    'a,b\r\nc,d\r\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  ['CR', 'a\rb', [['a'], ['b']]],
  ['a byte order mark', '\uFEFFa,b', [['a', 'b']]],
  ['quotes', '"a,1","say ""hi"""', [['a,1', 'say "hi"']]],
  ['a line end inside quotes', '"a\nb",c', [['a\nb', 'c']]],
  [
    'empty fields',
    'a,,\n,b,',
    [
      ['a', '', ''],
      ['', 'b', ''],
    ],
  ],
  ['empty lines', 'a\n\n  \nb\n', [['a'], ['b']]],
  ['nothing', '', []],
])('%s', (_words, text, fields) => {
  expect(read(text).map((record) => record.fields)).toEqual(fields);
});

test('a record knows the line it begins on', () => {
  expect(read('a\n\n"b\nb"\nc').map(({ line }) => line)).toEqual([1, 3, 5]);
});

test.each([
  ['a quote that is never closed', 'a\n"b\nc', 2],
  ['text after a closing quote', '"a"b', 1],
  ['a quote inside a plain field', 'a\nb"c', 2],
])('%s is refused with its line', (_words, text, line) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'REGISTRY_IMPORT_CSV_MALFORMED', line }));
});

const field = fc.string({ unit: fc.constantFrom('a', 'ß', '"', ',', '\n', '\r', ' ', '-') });

test('what is written by the rules is read back', () => {
  const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
  fc.assert(
    fc.property(table, (rows) => {
      const text = rows
        .map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(','))
        .join('\r\n');
      expect(read(text).map(({ fields }) => fields)).toEqual(rows);
    }),
  );
});

test('any text is read or refused with a code, never anything else', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', '\uFEFF') }), (text) => {
      try {
        read(text);
      } catch (error) {
        expect(error).toMatchObject({ code: 'REGISTRY_IMPORT_CSV_MALFORMED' });
      }
    }),
  );
});

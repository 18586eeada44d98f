import fc from 'fast-check';
import { expect, test } from 'vitest';
import { headerLine } from './encoded-headers.ts';

test('whatever text a value is, it stays one line', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('', '\ud800', '\udfff\n', '\r\n\0'),
      (text, odd) => {
        expect(headerLine('Name', text + odd)).toMatch(/^Name: [^\r\n\0]*\r\n$/);
      },
    ),
  );
});

test('half a character does not keep a line end from being encoded', () => {
  expect(headerLine('Name', '\ud800\n')).toBe('Name: %EF%BF%BD%0A\r\n');
});

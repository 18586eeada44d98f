import fc from 'fast-check';
import { expect, test } from 'vitest';
import { storableJson } from './storable-json.ts';

test.each([
  ['plain text, emoji included', { text: 'pump 💧' }, { text: 'pump 💧' }],
  ['a backslash before u', { text: String.raw`\u0000` }, { text: String.raw`\u0000` }],
  ['U+0000', { text: 'a\0b' }, { text: 'a\uFFFDb' }],
  ['a lone surrogate', { list: ['\ud800x'] }, { list: ['\uFFFDx'] }],
  ['other control characters', { text: '\u0001\n' }, { text: '\u0001\n' }],
])('%s', (_words, value, stored) => {
  expect(JSON.parse(storableJson(value))).toEqual(stored);
});

test('no text leads to JSON that PostgreSQL refuses', () => {
  const anyText = fc.string({ unit: fc.constantFrom('\0', '\ud800', '\udc00', '\\', 'u', '0', 'd') });
  fc.assert(
    fc.property(anyText, (text) => {
      const stored: unknown = JSON.parse(storableJson({ text })).text;
      expect(stored).toBe(String(stored).toWellFormed());
      expect(stored).not.toContain('\0');
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { subjectToken, textOfSubjectToken, topicTokens } from './subject-token.ts';

const anyText = fc.string({ unit: 'grapheme-composite', maxLength: 60 });

test.each([
  ['pump-7', 'pump-7'],
  ['a.b', 'a%2Eb'],
  ['*', '%2A'],
  ['>', '%3E'],
  ['100%', '100%25'],
  ['', '%'],
  ['温度', '温度'],
  ['a b', 'a%20b'],
  ['\u00a0', '%C2%A0'],
])('%j becomes the token %j', (text, token) => {
  expect(subjectToken(text)).toBe(token);
});

test('a token is never empty, never a wildcard, and holds no dot, white space or control character', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      // oxlint-disable-next-line no-control-regex -- control characters are what must not get through
      expect(subjectToken(text)).toMatch(/^[^\u0000-\u0020\u007f.*>\s]+$/u);
    }),
  );
});

test('a token can be read back, and different texts have different tokens', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(textOfSubjectToken(subjectToken(text))).toBe(text);
    }),
  );
});

test('a topic has one token a level, empty levels included', () => {
  expect(topicTokens('up/a.b//c')).toBe('up.a%2Eb.%.c');
  expect(topicTokens('/up/')).toBe('%.up.%');
  fc.assert(
    fc.property(anyText, (topic) => {
      const tokens = topicTokens(topic).split('.');
      expect(tokens.map(textOfSubjectToken).join('/')).toBe(topic);
    }),
  );
});

/**
 * Text that devices choose (device names, topic levels) as NATS subject tokens.
 *
 * A token may hold anything but `.`, `*`, `>`, white space and control characters, and may not be empty.
 * What is not allowed is percent-encoded as UTF-8, as is `%` itself, so the encoding can be reversed and
 * plain names stay readable. An empty topic level becomes a lone `%`.
 */

const EMPTY_TOKEN = '%';
// Tested before it is replaced: nearly every token is plain.
// oxlint-disable-next-line no-control-regex -- control characters are what must not get through
const UNSAFE = /[\u0000-\u0020\u007f.*>%\s]|[\ud800-\udfff]/u;
// oxlint-disable-next-line no-control-regex -- as above
const UNSAFE_ALL = /[\u0000-\u0020\u007f.*>%\s]|[\ud800-\udfff]/gu;

export function subjectToken(text: string): string {
  if (text === '') return EMPTY_TOKEN;
  if (!UNSAFE.test(text)) return text;
  return text.replace(UNSAFE_ALL, (character) => {
    let encoded = '';
    for (const byte of new TextEncoder().encode(character)) {
      encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    }
    return encoded;
  });
}

/** The text that {@link subjectToken} encoded. */
export function textOfSubjectToken(token: string): string {
  return token === EMPTY_TOKEN ? '' : decodeURIComponent(token);
}

/** A topic name as subject tokens, one a level: `up/a.b//c` becomes `up.a%2Eb.%.c`. */
export function topicTokens(topicName: string): string {
  let tokens = '';
  let start = 0;
  for (;;) {
    const end = topicName.indexOf('/', start);
    if (end === -1) return tokens + subjectToken(topicName.slice(start));
    tokens += `${subjectToken(topicName.slice(start, end))}.`;
    start = end + 1;
  }
}

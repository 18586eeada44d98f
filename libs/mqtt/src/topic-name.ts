/**
 * Why a text cannot be the topic name of a message, or undefined when it can.
 *
 * @param maxBytes limit on its UTF-8 length; the standards' own is 65 535
 * @see MQTT 5.0 §4.7, MQTT 3.1.1 §4.7
 */
export function topicNameProblem(text: string, maxBytes: number): string | undefined {
  const problem = topicTextProblem(text, maxBytes);
  if (problem !== undefined) return problem;
  // [MQTT5-4.7.0-1] [MQTT5-3.3.2-2] [MQTT3-3.3.2-2]
  if (text.includes('#') || text.includes('+')) return 'contains a wildcard, # or +';
  return undefined;
}

/** The rules that topic names and topic filters share. */
export function topicTextProblem(text: string, maxBytes: number): string | undefined {
  // [MQTT5-4.7.3-1] [MQTT3-4.7.3-1]
  if (text.length === 0) return 'is empty';
  // [MQTT5-4.7.3-2] [MQTT3-4.7.3-2]
  if (text.includes('\0')) return 'contains U+0000';
  if (!text.isWellFormed()) return 'contains a lone surrogate, which UTF-8 cannot carry';
  // [MQTT5-4.7.3-3] [MQTT3-4.7.3-3]
  if (Buffer.byteLength(text) > maxBytes) return `is longer than ${maxBytes} bytes of UTF-8`;
  return undefined;
}

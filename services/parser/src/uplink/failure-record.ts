import { FAILURE_HEADERS, MESSAGE_HEADERS, parsingFailureSubject } from '@gatehouse/contracts';
import { headerLine, type GroupMessage } from '@gatehouse/nats';
import { traceparentOf } from '@gatehouse/observability';
import { messageHeaderBlock } from './message-headers.ts';
import type { MessageFailure } from './message-failure.ts';
import type { FailedMessage } from './parsed-message.ts';

/** Characters of an error's text that are kept. */
const MAX_REASON = 500;

/**
 * A failed message as the stream PARSING_FAILURES keeps it: the payload and the headers that it would have had in
 * MESSAGES, and the error. When its device chose more headers than NATS takes, those are left out.
 */
export function failureRecord(
  { productKey, message, messageId, topic, result }: FailedMessage,
  whyUnstorable: (record: GroupMessage) => string | undefined,
): GroupMessage {
  const { failure, scriptVersion } = result;
  const traceparent = traceparentOf(message.trace);
  const stamp = { messageId, traceparent, scriptVersion: undefined };
  const errorLines = failureHeaderLines(failure, scriptVersion) + exactTopicLine(topic);
  const record: GroupMessage = {
    subject: parsingFailureSubject(productKey, message.deviceName, failure.code),
    payload: message.payload,
    headerBlock: messageHeaderBlock(message, topic, stamp) + errorLines,
  };
  if (message.properties === undefined || whyUnstorable(record) === undefined) return record;
  const { properties: _, ...plain } = message;
  return { ...record, headerBlock: messageHeaderBlock(plain, topic, stamp) + errorLines };
}

/** Nothing for nearly every topic name. */
function exactTopicLine(topic: string): string {
  if (topic === topic.trim() && !/[\r\n]/.test(topic)) return '';
  return headerLine(FAILURE_HEADERS.exactTopic, Buffer.from(topic).toString('base64'));
}

/** The headers that tell of an error. */
export function failureHeaderLines(failure: MessageFailure, scriptVersion: number | undefined): string {
  let lines =
    headerLine(MESSAGE_HEADERS.parsingError, failure.code) +
    headerLine(FAILURE_HEADERS.errorMessage, failure.message.slice(0, MAX_REASON).trim());
  if (failure.place !== undefined) {
    lines += headerLine(FAILURE_HEADERS.errorLine, String(failure.place.line));
    lines += headerLine(FAILURE_HEADERS.errorColumn, String(failure.place.column));
  }
  if (scriptVersion !== undefined) lines += headerLine(MESSAGE_HEADERS.scriptVersion, String(scriptVersion));
  return lines;
}

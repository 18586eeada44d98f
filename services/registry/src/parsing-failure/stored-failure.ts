import {
  FAILURE_HEADERS,
  MESSAGE_HEADERS,
  textOfSubjectToken,
  type ParsingFailureView,
} from '@gatehouse/contracts';
import type { StoredMsg } from '@nats-io/jetstream';

/** What is read of a message of the stream PARSING_FAILURES. */
export type StoredFailure = Pick<StoredMsg, 'subject' | 'header' | 'data' | 'time'>;

/** A message of the stream PARSING_FAILURES as the API shows it. */
export function failureViewOf({ subject, header, data, time }: StoredFailure): ParsingFailureView {
  const [, , , device = '', code = ''] = subject.split('.');
  const text = (name: string): string => header.get(name);
  return {
    messageId: text(MESSAGE_HEADERS.messageId),
    deviceName: textOfSubjectToken(device),
    topic: text(MESSAGE_HEADERS.topic),
    qos: Number(text(MESSAGE_HEADERS.qos)),
    time: text(MESSAGE_HEADERS.time) || time.toISOString(),
    payload: Buffer.from(data).toString('base64'),
    scriptVersion: numberOf(text(MESSAGE_HEADERS.scriptVersion)),
    error: {
      code,
      message: text(FAILURE_HEADERS.errorMessage),
      line: numberOf(text(FAILURE_HEADERS.errorLine)),
      column: numberOf(text(FAILURE_HEADERS.errorColumn)),
    },
  };
}

/** Null for what is absent. */
const numberOf = (text: string): number | null => (/^[1-9]\d*$/.test(text) ? Number(text) : null);

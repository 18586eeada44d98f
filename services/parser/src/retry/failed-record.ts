import {
  FAILURE_HEADERS,
  MESSAGE_HEADERS,
  messageSubject,
  parsingFailureSubject,
  textOfSubjectToken,
} from '@gatehouse/contracts';
import { headerLine, type GroupMessage } from '@gatehouse/nats';
import type { MsgHdrs } from '@nats-io/transport-node';
import { failureHeaderLines } from '../uplink/failure-record.ts';
import type { MessageFailure } from '../uplink/message-failure.ts';

/** A message of the stream PARSING_FAILURES. */
export interface FailedRecord {
  readonly sequence: number;
  readonly messageId: string;
  readonly productKey: string;
  readonly deviceName: string;
  /** The topic name without its tag. */
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly header: MsgHdrs;
  /** Records behind it that the same question means. */
  readonly following: number;
}

/** What the record has besides what its message has in MESSAGES, and what changes when it is parsed. */
const OF_THE_RECORD: readonly string[] = [
  MESSAGE_HEADERS.messageId,
  MESSAGE_HEADERS.scriptVersion,
  MESSAGE_HEADERS.parsingError,
  MESSAGE_HEADERS.parsedAgain,
];
const CARRIED = Object.values(MESSAGE_HEADERS).filter((name) => !OF_THE_RECORD.includes(name));
/** In the order of {@link failureHeaderLines}. */
const OF_THE_ERROR = [
  MESSAGE_HEADERS.parsingError,
  FAILURE_HEADERS.errorMessage,
  FAILURE_HEADERS.errorLine,
  FAILURE_HEADERS.errorColumn,
  MESSAGE_HEADERS.scriptVersion,
];

/** @param stored as the server gives it by direct access */
export function failedRecord(stored: {
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly header: MsgHdrs;
  readonly pending: number;
}): FailedRecord {
  const { seq, subject, data, header, pending } = stored;
  const [, , productKey = '', deviceToken = ''] = subject.split('.');
  return {
    sequence: seq,
    messageId: header.get(MESSAGE_HEADERS.messageId),
    productKey,
    deviceName: textOfSubjectToken(deviceToken),
    topic: topicOf(header),
    payload: data,
    header,
    following: Math.max(pending, 0),
  };
}

function topicOf(header: MsgHdrs): string {
  const exact = header.get(FAILURE_HEADERS.exactTopic);
  return exact === '' ? header.get(MESSAGE_HEADERS.topic) : Buffer.from(exact, 'base64').toString();
}

/**
 * The message for the stream MESSAGES. Its id is not that of the first try: under that one the gateway may have
 * forwarded it raw, and the stream would take it for the same.
 */
export function parsedAgain(record: FailedRecord, payload: Uint8Array, scriptVersion: number): GroupMessage {
  const { productKey, deviceName, topic, header } = record;
  const messageId = `${record.messageId}-retry`;
  const contentType = header.has(MESSAGE_HEADERS.contentType)
    ? ''
    : headerLine(MESSAGE_HEADERS.contentType, 'application/json');
  return {
    subject: messageSubject(productKey, deviceName, topic),
    payload,
    headerBlock:
      headerLine('Nats-Msg-Id', messageId) +
      headerLine(MESSAGE_HEADERS.messageId, messageId) +
      linesOf(header, CARRIED) +
      contentType +
      headerLine(MESSAGE_HEADERS.scriptVersion, String(scriptVersion)) +
      headerLine(MESSAGE_HEADERS.parsedAgain, '1'),
  };
}

/**
 * The record that takes the place of this one, with the error of now; undefined when it would say the same. One
 * record is replaced once, however often that is tried: the id is made of its place in the stream.
 *
 * @param scriptVersion that failed; undefined when it was not for its script
 */
export function failedAgain(
  record: FailedRecord,
  failure: MessageFailure,
  scriptVersion: number | undefined,
): GroupMessage | undefined {
  const { productKey, deviceName, messageId, sequence, header, payload } = record;
  const errorLines = failureHeaderLines(failure, scriptVersion);
  if (errorLines === linesOf(header, OF_THE_ERROR)) return undefined;
  return {
    subject: parsingFailureSubject(productKey, deviceName, failure.code),
    payload,
    headerBlock:
      headerLine('Nats-Msg-Id', `${messageId}-failed-${sequence}`) +
      headerLine(MESSAGE_HEADERS.messageId, messageId) +
      linesOf(header, [...CARRIED, FAILURE_HEADERS.exactTopic]) +
      errorLines,
  };
}

function linesOf(header: MsgHdrs, names: readonly string[]): string {
  return names.flatMap((name) => header.values(name).map((value) => headerLine(name, value))).join('');
}

import { MESSAGE_HEADERS, type UplinkMessage, type UplinkProperties } from '@gatehouse/contracts';
import { headerLine } from '@gatehouse/nats';

const UNPRINTABLE = /[^\u0020-\u007e]/gu;

/** What a header block needs to know besides the device's message. */
export interface MessageStamp {
  readonly messageId: string;
  readonly traceparent: string;
  /** Of the script that made the payload; undefined when it passed unchanged. */
  readonly scriptVersion: number | undefined;
  /** The code of the failure that left the payload as the device sent it. */
  readonly parsingError?: string;
}

/**
 * The header lines of a message in the stream MESSAGES, as one text. Ids, times and numbers hold nothing that
 * could end a line, so only what devices chose goes through {@link headerLine}.
 *
 * @param topic the topic name without its tag
 */
export function messageHeaderBlock(message: UplinkMessage, topic: string, stamp: MessageStamp): string {
  const { messageId, traceparent, scriptVersion, parsingError } = stamp;
  let block =
    `Nats-Msg-Id: ${messageId}\r\n${MESSAGE_HEADERS.messageId}: ${messageId}\r\n` +
    headerLine(MESSAGE_HEADERS.topic, topic) +
    `${MESSAGE_HEADERS.qos}: ${message.qos}\r\n${MESSAGE_HEADERS.time}: ${isoTime(message.receivedAt)}\r\n` +
    `${MESSAGE_HEADERS.traceparent}: ${traceparent}\r\n`;
  if (message.retain) block += `${MESSAGE_HEADERS.retain}: 1\r\n`;
  const contentType = message.properties?.contentType;
  if (contentType !== undefined) block += headerLine(MESSAGE_HEADERS.contentType, contentType);
  else if (scriptVersion !== undefined) block += `${MESSAGE_HEADERS.contentType}: application/json\r\n`;
  if (scriptVersion !== undefined) block += `${MESSAGE_HEADERS.scriptVersion}: ${scriptVersion}\r\n`;
  if (parsingError !== undefined) block += `${MESSAGE_HEADERS.parsingError}: ${parsingError}\r\n`;
  return message.properties === undefined ? block : block + propertyLines(message.properties);
}

function propertyLines(properties: UplinkProperties): string {
  const { payloadFormatIndicator, messageExpiryInterval, responseTopic, correlationData, userProperties } =
    properties;
  let lines = '';
  if (payloadFormatIndicator !== undefined) {
    lines += headerLine(MESSAGE_HEADERS.payloadFormat, String(payloadFormatIndicator));
  }
  if (messageExpiryInterval !== undefined) {
    lines += headerLine(MESSAGE_HEADERS.expiry, String(messageExpiryInterval));
  }
  if (responseTopic !== undefined) lines += headerLine(MESSAGE_HEADERS.responseTopic, responseTopic);
  if (correlationData !== undefined) lines += headerLine(MESSAGE_HEADERS.correlationData, correlationData);
  for (const property of userProperties ?? []) {
    lines += headerLine(
      MESSAGE_HEADERS.userProperty,
      JSON.stringify(property).replace(UNPRINTABLE, encodeURIComponent),
    );
  }
  return lines;
}

let lastMs = Number.NaN;
let lastIsoTime = '';

/** Messages of a batch arrived within milliseconds of each other: most share their time with the one before. */
function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastIsoTime = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastIsoTime;
}

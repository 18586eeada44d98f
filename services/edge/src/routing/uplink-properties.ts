import { MESSAGE_HEADERS, type UplinkProperties } from '@gatehouse/contracts';
import type { PublishProperties } from '@gatehouse/mqtt';
import { headerLine } from '@gatehouse/nats';
import { MAX_PROPERTY_BYTES, MAX_PROPERTY_HEADER_BYTES, PropertiesTooLarge } from './uplink.failures.ts';

/** A UTF-16 code unit is three bytes of UTF-8 at worst, and each is percent-encoded. */
const WORST_CHARACTER_BYTES = 9;
/** Header name, punctuation and line end, rounded up. */
const WORST_LINE_BYTES = 64;
const USER_PROPERTY_LINE_BYTES = headerLine(MESSAGE_HEADERS.userProperty, '').length;

/**
 * The properties of a PUBLISH that travel with the message; undefined when there are none.
 *
 * @throws {PropertiesTooLarge}
 */
export function uplinkProperties(properties: PublishProperties | undefined): UplinkProperties | undefined {
  if (properties === undefined) return undefined;
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic } = properties;
  const { correlationData, userProperties } = properties;
  const travelling: UplinkProperties = {
    ...(payloadFormatIndicator === undefined ? {} : { payloadFormatIndicator }),
    ...(messageExpiryInterval === undefined ? {} : { messageExpiryInterval }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(responseTopic === undefined ? {} : { responseTopic }),
    ...(correlationData === undefined ? {} : { correlationData: correlationData.toString('base64') }),
    ...(userProperties === undefined ? {} : { userProperties }),
  };
  let characters = 0;
  let lines = 0;
  for (const value of Object.values(travelling)) {
    lines += 1;
    if (typeof value === 'string') characters += value.length;
  }
  if (lines === 0) return undefined;
  for (const [name, value] of userProperties ?? []) {
    lines += 1;
    characters += name.length + value.length;
  }
  if (
    characters > MAX_PROPERTY_HEADER_BYTES ||
    (characters * WORST_CHARACTER_BYTES + lines * WORST_LINE_BYTES > MAX_PROPERTY_HEADER_BYTES &&
      !isWithinLimits(travelling))
  ) {
    throw new PropertiesTooLarge();
  }
  return travelling;
}

function isWithinLimits(travelling: UplinkProperties): boolean {
  return (
    headerBytes(travelling) <= MAX_PROPERTY_HEADER_BYTES &&
    Buffer.byteLength(JSON.stringify(travelling)) <= MAX_PROPERTY_BYTES
  );
}

/** What the properties take in the header block that the message gets in the stream MESSAGES. */
function headerBytes(travelling: UplinkProperties): number {
  const { contentType, responseTopic, correlationData, userProperties } = travelling;
  // Payload format and expiry are short numbers.
  let bytes = 2 * WORST_LINE_BYTES;
  const texts = [
    [MESSAGE_HEADERS.contentType, contentType],
    [MESSAGE_HEADERS.responseTopic, responseTopic],
    [MESSAGE_HEADERS.correlationData, correlationData],
  ] as const;
  for (const [name, value] of texts) {
    if (value !== undefined) bytes += Buffer.byteLength(headerLine(name, value));
  }
  for (const property of userProperties ?? []) {
    bytes += USER_PROPERTY_LINE_BYTES + percentEncodedBytes(JSON.stringify(property));
  }
  return bytes;
}

/** Counts instead of encoding: a packet may hold a quarter of a million characters. */
function percentEncodedBytes(text: string): number {
  let printable = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x20 && code <= 0x7e) printable += 1;
  }
  return 3 * Buffer.byteLength(text) - 2 * printable;
}

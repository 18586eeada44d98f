import type { MsgHdrs } from '@nats-io/transport-node';

// oxlint-disable-next-line no-control-regex -- line ends would start a header of their own
const LINE_END = /[\r\n\u0000]/;

/** One header line; what would break out of it is refused by percent-encoding. */
export function headerLine(name: string, value: string): string {
  // Half a character has no percent-encoding.
  return LINE_END.test(value)
    ? `${name}: ${encodeURIComponent(value.toWellFormed())}\r\n`
    : `${name}: ${value}\r\n`;
}

/**
 * Message headers that are text already: for the hot paths, where building a map only to write it out again
 * costs more than the message. nats.js types `publish` for its own class but calls nothing of it except
 * `encode`; the test of the publisher holds that against the installed version.
 *
 * @param block lines made by {@link headerLine}
 */
export function encodedHeaders(block: string): MsgHdrs {
  // Buffer takes small texts out of its pool; an encoder allocates memory of its own for each.
  const encoded = { encode: () => Buffer.from(`NATS/1.0\r\n${block}\r\n`) };
  return encoded as unknown as MsgHdrs;
}

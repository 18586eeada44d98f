import { AsnParser, AsnSerializer } from '@peculiar/asn1-schema';
import { fromBER, type AsnType } from 'asn1js';

export interface DerLimits {
  readonly maxBytes: number;
  /** Of ASN.1 values, nested ones included; 10,000 by default. */
  readonly maxNodes?: number;
}

const MAX_DEPTH = 32;
const DEFAULT_MAX_NODES = 10_000;

/** Bytes that are not the ASN.1 they should be. Stays within this library: callers get a Failure of theirs. */
export class DerInvalid extends Error {}

/** One value and nothing after it. */
export function decodeDer(bytes: Uint8Array, { maxBytes, maxNodes = DEFAULT_MAX_NODES }: DerLimits): AsnType {
  if (bytes.byteLength > maxBytes) throw new DerInvalid(`it is larger than ${maxBytes} bytes`);
  const { offset, result } = fromBER(bytes, {
    maxDepth: MAX_DEPTH,
    maxNodes,
    maxContentLength: maxBytes,
    parseEmbedded: false,
  });
  if (offset === -1) throw new DerInvalid(`it is no DER: ${result.error}`);
  if (offset !== bytes.byteLength) throw new DerInvalid('bytes follow after its end');
  return result;
}

export function toSchema<T>(value: AsnType, schema: new () => T): T {
  return AsnParser.fromASN(value, schema);
}

/** Of small values that stand inside of others, such as extensions. */
export function parseDer<T>(bytes: Uint8Array, schema: new () => T, maxBytes = 65_536): T {
  return toSchema(decodeDer(bytes, { maxBytes }), schema);
}

export function encodeDer(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(AsnSerializer.serialize(value));
}

/** The values inside a SEQUENCE, SET or explicit tag. */
export function childrenOf(value: AsnType | undefined): AsnType[] {
  const inner: unknown =
    value?.valueBlock !== undefined && 'value' in value.valueBlock ? value.valueBlock.value : null;
  if (!Array.isArray(inner)) throw new DerInvalid('a constructed value is missing');
  return inner;
}

const CONTEXT_SPECIFIC = 3;

export function hasContextTag(value: AsnType, tag: number): boolean {
  return value.idBlock.tagClass === CONTEXT_SPECIFIC && value.idBlock.tagNumber === tag;
}

/** As it was sent: encoding again need not give the same bytes, and hashes and signatures are over these. */
export function originalDer(value: AsnType | undefined): Uint8Array<ArrayBuffer> {
  if (value === undefined) throw new DerInvalid('a value is missing');
  return new Uint8Array(value.valueBeforeDecodeView);
}

export function bytesOf(source: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
  return source instanceof ArrayBuffer
    ? new Uint8Array(source)
    : new Uint8Array(
        source.buffer.slice(source.byteOffset, source.byteOffset + source.byteLength) as ArrayBuffer,
      );
}

/** Buffers as asn1-schema wants them. */
export function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** Lower-case hexadecimal of a positive INTEGER, without the zero byte that only keeps it positive. */
export function serialNumberOf(bytes: ArrayBuffer | ArrayBufferView): string {
  return Buffer.from(bytesOf(bytes))
    .toString('hex')
    .replace(/^(?:00)+(?=..)/, '');
}

/** The content of an INTEGER with this value: positive, so a zero byte stands before a high bit. */
export function integerBytes(hex: string): ArrayBuffer {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const bytes = Buffer.from(even, 'hex');
  const isHigh = ((bytes[0] ?? 0) & 0x80) !== 0;
  return bufferOf(isHigh ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/** GeneralizedTime has whole seconds in certificates and all about them (RFC 5280 §4.1.2.5.2). */
export function wholeSeconds(instant: Date): Date {
  return new Date(Math.floor(instant.getTime() / 1_000) * 1_000);
}

export function validDate(instant: Date | undefined): Date {
  if (instant === undefined || Number.isNaN(instant.getTime())) throw new DerInvalid('a date is none');
  return instant;
}

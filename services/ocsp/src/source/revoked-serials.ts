import { createHash } from 'node:crypto';

/** One entry of a CRL. */
export interface RevokedEntry {
  /** Lower-case hexadecimal without leading zero bytes. */
  readonly serialNumber: string;
  readonly revokedAt: Date;
  /** CRLReason of RFC 5280 §5.3.1, verbatim. */
  readonly reason: string | undefined;
}

/** RFC 5280 §5.3.1; the place in this list is what a record holds, 0 for none. */
const REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
];

const KEY_BYTES = 16;
const DATE_BYTES = 6;
const RECORD_BYTES = KEY_BYTES + DATE_BYTES + 2;

/**
 * The entries of a CRL in a tenth of the memory, and quick to hand from thread to thread: records of a digest of
 * the serial number, milliseconds since 1970 (48 bit) and the reason, sorted by digest.
 */
export function packRevoked(entries: Iterable<RevokedEntry>): Uint8Array<ArrayBuffer> {
  const records = Array.from(entries, recordOf).toSorted((one, other) => one.compare(other));
  return new Uint8Array(Buffer.concat(records));
}

export function findRevoked(packed: Uint8Array, serialNumber: string): RevokedEntry | undefined {
  const records = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const wanted = keyOf(serialNumber);
  let low = 0;
  let high = records.length / RECORD_BYTES;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = middle * RECORD_BYTES;
    const order = records.compare(wanted, 0, KEY_BYTES, at, at + KEY_BYTES);
    if (order === 0) {
      const revokedAt = new Date(records.readUIntBE(at + KEY_BYTES, DATE_BYTES));
      const reason = REASONS[records.readUInt8(at + KEY_BYTES + DATE_BYTES) - 1];
      return { serialNumber, revokedAt, reason };
    }
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

function recordOf({ serialNumber, revokedAt, reason }: RevokedEntry): Buffer {
  const record = Buffer.alloc(RECORD_BYTES);
  keyOf(serialNumber).copy(record);
  record.writeUIntBE(Math.max(0, revokedAt.getTime()), KEY_BYTES, DATE_BYTES);
  record.writeUInt8(reason === undefined ? 0 : REASONS.indexOf(reason) + 1, KEY_BYTES + DATE_BYTES);
  return record;
}

function keyOf(serialNumber: string): Buffer {
  return createHash('sha256').update(serialNumber).digest().subarray(0, KEY_BYTES);
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findRevoked, packRevoked } from './revoked-serials.ts';

const serial = fc
  .uint8Array({ minLength: 1, maxLength: 24 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const entry = fc.record({
  serialNumber: serial,
  revokedAt: fc.date({ min: new Date('1980-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
  reason: fc.constantFrom(undefined, 'keyCompromise', 'certificateHold', 'aACompromise', 'unspecified'),
});

test('what is packed is found, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(entry, { selector: (one) => one.serialNumber }),
      serial,
      (entries, stranger) => {
        const packed = packRevoked(entries);
        expect(packed.byteLength).toBe(24 * entries.length);
        for (const one of entries) expect(findRevoked(packed, one.serialNumber)).toEqual(one);
        const isThere = entries.some(({ serialNumber }) => serialNumber === stranger);
        expect(findRevoked(packed, stranger) !== undefined).toBe(isThere);
      },
    ),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UnfinishedPacket } from './unfinished-packet.ts';

test('pieces come out joined, and memory stays within twice what has arrived', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 2_000 }), { maxLength: 30 }), (pieces) => {
      const unfinished = new UnfinishedPacket();
      let arrivedBytes = 0;
      for (const piece of pieces) {
        unfinished.append(Buffer.from(piece));
        arrivedBytes += piece.length;
        expect(unfinished.byteLength).toBe(arrivedBytes);
        expect(unfinished.bytes.length).toBeLessThanOrEqual(Math.max(512, 2 * arrivedBytes));
      }
      expect(unfinished.take().equals(Buffer.concat(pieces))).toBe(true);
      expect(unfinished.byteLength).toBe(0);
    }),
  );
});

test('a packet that was taken is not written over', () => {
  const unfinished = new UnfinishedPacket();
  unfinished.append(Buffer.from('first'));
  const first = unfinished.take();
  unfinished.append(Buffer.from('other'));
  expect(first.toString()).toBe('first');
});

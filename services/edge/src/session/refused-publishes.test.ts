import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RefusedPublishes } from './refused-publishes.ts';

test('whatever is stored and refused when, acknowledgements keep the order of the messages', () => {
  const event = fc.constantFrom('take', 'refuse', 'store');
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const refused = new RefusedPublishes();
      const sent: number[] = [];
      const taken: number[] = [];
      let next = 0;
      const store = (): void => {
        const packetId = taken.shift();
        if (packetId === undefined) return;
        sent.push(packetId);
        if (refused.size > 0) refused.stored((each) => sent.push(each));
      };
      for (const each of events) {
        if (each === 'take') taken.push((next += 1));
        else if (each === 'store') store();
        else if (taken.length === 0) sent.push((next += 1));
        else refused.add((next += 1), 0x87, taken.length);
      }
      while (taken.length > 0) store();
      expect(sent).toEqual(Array.from({ length: next }, (_, index) => index + 1));
      expect(refused.size).toBe(0);
    }),
  );
});

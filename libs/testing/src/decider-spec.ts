import { fold, type Decider } from '@gatehouse/decider';
import { expect } from 'vitest';

/** given (history) · when (command) · expect (events, or a failure's code). */
export function deciderSpec<Command, Event, State>(decider: Decider<Command, Event, State>) {
  return {
    given: (...history: readonly Event[]) => ({
      when: (command: Command) => {
        const decide = (): readonly Event[] => decider.decide(command, fold(decider, history));
        return {
          expectEvents: (...events: readonly Event[]) => expect(decide()).toEqual(events),
          expectNoEvents: () => expect(decide()).toEqual([]),
          expectFailure: (code: string) => expect(decide).toThrow(expect.objectContaining({ code })),
        };
      },
    }),
  };
}

/**
 * A decision without I/O, clock or chance: what a command does to a state, told in events.
 *
 * `decide` returns no events when the command changes nothing, and throws a Failure when it may not happen.
 * `evolve` must accept every event that was ever appended (after upcasting).
 */
export interface Decider<Command, Event, State> {
  readonly initialState: State;
  decide(command: Command, state: State): readonly Event[];
  evolve(state: State, event: Event): State;
}

/** The state that a history leads to. */
export function fold<Command, Event, State>(
  decider: Decider<Command, Event, State>,
  history: Iterable<Event>,
  from: State = decider.initialState,
): State {
  let state = from;
  for (const event of history) state = decider.evolve(state, event);
  return state;
}

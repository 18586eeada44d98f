import type { ScriptFailure } from './script-failure.ts';

/** What transformPayload gets: the topic name without its tag, and the bytes as the device sent them. */
export interface ScriptInput {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Who answers for the time it takes and for its failures; nobody when it is left out. */
  readonly deviceName?: string;
}

/** The JSON of the object that the script returned, or why there is none. */
export type ScriptOutcome = Uint8Array | ScriptFailure;

/** Who waits for a run. */
export interface RunControl {
  /** Asked again and again: why nothing more is tried, once that is so. */
  readonly givenUp: () => ScriptFailure | undefined;
  /** So many messages took so long, several times in a run. */
  readonly ran: (messages: number, milliseconds: number) => void;
}

/** Port: one version of a customer's script, cut off from everything else. */
export interface ScriptSandbox {
  /**
   * Calls `transformPayload(topic, rawData)` for each input. Never rejects because of the script: a message
   * that throws, loops or eats memory fails by itself, and the others have their results. A device that does so
   * again and again is throttled: its messages fail at once, for a while.
   *
   * @returns one outcome for each input, in order
   */
  run(inputs: readonly ScriptInput[], control?: RunControl): Promise<readonly ScriptOutcome[]>;
  /** Frees its memory once the runs that were asked for are over. */
  retire(): void;
}

/** Port: makes sandboxes. */
export abstract class ScriptSandboxes {
  abstract open(code: string): ScriptSandbox;
}

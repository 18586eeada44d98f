import type { ScriptFailure } from './script-failure.ts';

/** What an uplink function gets: the topic name without its tag, and the bytes as the device sent them. */
export interface ScriptInput {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Who answers for the time it takes and for its failures; nobody when it is left out. */
  readonly deviceName?: string;
}

/** Uplink: the JSON of the object that the script returned. Downlink: the bytes. Or why there are none. */
export type ScriptOutcome = Uint8Array | ScriptFailure;

/** Who waits for a run. */
export interface RunControl {
  /** Asked again and again: why nothing more is tried, once that is so. */
  readonly givenUp: () => ScriptFailure | undefined;
  /** So many messages took so long, told several times in a run: CPU time, unless the isolate came to its end. */
  readonly ran: (messages: number, milliseconds: number) => void;
}

/** Port: one version of a customer's script, cut off from everything else. */
export interface ScriptSandbox {
  /**
   * Calls `transformPayload(topic, rawData)` for each input, or `rawDataToProtocol(rawData)` when the script has
   * no such function. Never rejects because of the script: a message that throws, loops or eats memory fails by
   * itself, and the others have their results. A device that does so again and again is throttled: its messages
   * fail at once, for a while.
   *
   * @returns one outcome for each input, in order
   */
  run(inputs: readonly ScriptInput[], control?: RunControl): Promise<readonly ScriptOutcome[]>;
  /**
   * Calls `protocolToRawData(jsonObj)`. Never rejects because of the script.
   *
   * @param json text of what the function gets
   * @returns the bytes for the device
   */
  encode(json: string): Promise<ScriptOutcome>;
  /** Frees its memory once the runs that were asked for are over. */
  retire(): void;
}

export type TrialInput =
  | ({ readonly direction: 'uplink' } & ScriptInput)
  | { readonly direction: 'downlink'; readonly json: string };

export type ConsoleLevel = 'log' | 'info' | 'warn' | 'error' | 'debug';

/** What a script wrote to its console, in order. */
export interface ConsoleLog {
  readonly lines: readonly { readonly level: ConsoleLevel; readonly text: string }[];
  /** More was written than is kept: 100 lines and 10,240 characters of one message. */
  readonly isCut: boolean;
}

export interface TrialResult {
  readonly outcome: ScriptOutcome;
  /** Together with what loading wrote, for the first message and for those after the isolate was replaced. */
  readonly log: ConsoleLog;
  /** CPU time of this one call; elapsed time when it had to be ended; 0 when there was none. */
  readonly tookMs: number;
  /** Heap and buffers after the call, garbage included; undefined when the isolate is gone or was never there. */
  readonly heapBytes: number | undefined;
}

/** Port: a script that is tried, message by message, under the limits that it will meet in force. */
export interface ScriptTrial {
  /** Never rejects because of the script. Calls follow one another. */
  run(input: TrialInput): Promise<TrialResult>;
  retire(): void;
}

/** Port: makes sandboxes. */
export abstract class ScriptSandboxes {
  abstract open(code: string): ScriptSandbox;
}

/** Port: makes trials. */
export abstract class ScriptTrials {
  abstract openTrial(code: string): ScriptTrial;
}

import type { ConsoleLog } from '../script/script-sandbox.ts';

/** What a trial process is told to do. */
export interface TrialOrder {
  readonly limits: { readonly timeoutMs: number; readonly memoryMb: number; readonly maxResultBytes: number };
  readonly code: string;
  /** Of the version in force, when it is to be run too. */
  readonly comparedCode: string | undefined;
  readonly inputs: readonly TriedInput[];
  /** Of one result: nobody will be shown a longer one, so it stays where it was made. */
  readonly maxShownBytes: number;
}

/** As TrialInput, of what survives the way to another process. */
export type TriedInput =
  | { readonly direction: 'uplink'; readonly topic: string; readonly payload: Uint8Array }
  | { readonly direction: 'downlink'; readonly json: string };

/** What came out: JSON of the object, or the bytes for a downlink, null when that is too much to show; or why nothing did. */
export type TriedOutcome =
  | { readonly outcome: 'parsed'; readonly bytes: Uint8Array | null }
  | {
      readonly outcome: 'failed';
      readonly code: string;
      readonly message: string;
      readonly line: number | null;
      readonly column: number | null;
    };

export interface TriedMessage {
  readonly tried: TriedOutcome;
  readonly log: ConsoleLog;
  readonly milliseconds: number;
  readonly memoryBytes: number | null;
  readonly compared: { readonly outcome: TriedOutcome; readonly isEqual: boolean } | undefined;
}

/** What a trial process says: each message when it was tried, in order, and then that it is at its end, or why not. */
export type TrialReport =
  | { readonly kind: 'tried'; readonly message: TriedMessage }
  | { readonly kind: 'ended'; readonly ending: 'done' | 'given up' };

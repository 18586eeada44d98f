/** The reference platform's codes for what can go wrong with a script (platform codes in docs/errors.md). */
export const SCRIPT_FAILURE_CODE = {
  /** The script returned nothing, an empty object or an empty array. */
  emptyResult: '6201',
  /** What it returned cannot be written as JSON. */
  notJson: '6207',
  /** Parsing is on, but no script was submitted. */
  notSubmitted: '26001',
  /** Syntax error, exception, out of time or out of memory. */
  exception: '26002',
  functionMissing: '26006',
  /** Not an object. */
  wrongType: '26007',
  /** The script broke too often and is left alone for a while. */
  stopped: '26010',
} as const;
export type ScriptFailureCode = (typeof SCRIPT_FAILURE_CODE)[keyof typeof SCRIPT_FAILURE_CODE];

/** Why one message could not be parsed. A value, not an exception: scripts fail every day. */
export class ScriptFailure {
  constructor(
    readonly code: ScriptFailureCode,
    readonly message: string,
    /** Where in the script, from 1; undefined when the engine did not say. */
    readonly place?: { readonly line: number; readonly column: number },
    /** Whom a 26010 is about: the device, the whole script, or the product that took more than its share. */
    readonly throttled?: 'device' | 'script' | 'product',
  ) {}
}

/** Why a message goes nowhere: a public code and one sentence. */
export interface MessageFailure {
  readonly code: string;
  readonly message: string;
  /** Where in the script, from 1; undefined when it is not the script's or the engine did not say. */
  readonly place?: { readonly line: number; readonly column: number } | undefined;
}

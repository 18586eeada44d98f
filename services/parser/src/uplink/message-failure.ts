/** Why a message goes nowhere: a public code and one sentence. */
export interface MessageFailure {
  readonly code: string;
  readonly message: string;
}

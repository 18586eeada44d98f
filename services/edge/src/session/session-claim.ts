/** A session on an edge, by the session number. */
export interface HeldSession {
  readonly edgeId: string;
  readonly number: number;
}

/** What the directory says of a session. */
export interface ClaimTerms {
  readonly gatewayId: string;
  readonly connectedAt: Date;
  readonly credentialVersion?: number | undefined;
}

/** A device's place in the directory: its session number, and which other edges may have it still. */
export interface Claim {
  readonly number: number;
  readonly formers: readonly HeldSession[];
}

/** A claim without an answer: `value` is what stands in the directory if it was written. */
export interface UnsettledClaim {
  readonly value: string;
  readonly formers: readonly HeldSession[];
}

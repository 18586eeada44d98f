/** One request to an address that a customer supplied. */
export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** PEM; trusted beside the public authorities. */
  readonly caCertificate?: string | undefined;
  /** From here to the last byte of the answer, name resolution and redirects included. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  /** How many answers 307 and 308 are followed; 0 by default: they are handed back as they came. */
  readonly maxRedirects?: number;
}

export interface OutboundResponse {
  readonly status: number;
  /** Names in lower case; what came more than once is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Sends what customers ask for and nothing that the operator forbids. */
export interface OutboundClient {
  /** @throws {OutboundFailure} when there is no complete answer */
  request(request: OutboundRequest): Promise<OutboundResponse>;
  /** Ends idle connections; requests under way come to their end first. */
  close(): Promise<void>;
}

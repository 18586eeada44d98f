import type { OutboundResponse } from '@gatehouse/outbound';

/** Sends a POST as the official clients of Function Compute make it, signature included. */
export type SendSigned = (request: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}) => Promise<OutboundResponse>;

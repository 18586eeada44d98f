import type { z } from 'zod';

/** One question on the bus: who is asked, what is sent, what comes back. Payloads are plain JSON. */
export interface RequestContract<Request extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> {
  readonly subject: string;
  readonly request: Request;
  readonly reply: Reply;
  /** How long a caller waits, in milliseconds, unless it says otherwise. */
  readonly timeoutMs: number;
}

export function requestContract<Request extends z.ZodType, Reply extends z.ZodType>(
  contract: RequestContract<Request, Reply>,
): RequestContract<Request, Reply> {
  return contract;
}

export type RequestOf<C extends RequestContract> = z.infer<C['request']>;
export type ReplyOf<C extends RequestContract> = z.infer<C['reply']>;

/** ADR-32 of NATS: a reply with these headers is a refusal, and its payload says more. */
export const SERVICE_ERROR_CODE_HEADER = 'Nats-Service-Error-Code';
export const SERVICE_ERROR_HEADER = 'Nats-Service-Error';

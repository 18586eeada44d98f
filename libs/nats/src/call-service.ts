import {
  SERVICE_ERROR_CODE_HEADER,
  SERVICE_ERROR_HEADER,
  type ReplyOf,
  type RequestContract,
} from '@gatehouse/contracts';
import { RemoteFailure, type FailureKind } from '@gatehouse/failure';
import { inSpan } from '@gatehouse/observability';
import { errors, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { SpanKind } from '@opentelemetry/api';
import { z } from 'zod';
import { MalformedReply, RequestTooLarge, ServiceTimedOut, ServiceUnreachable } from './nats.failures.ts';
import { injectTrace } from './trace-headers.ts';

/** Payload of a refusal; the headers carry the code too, for callers that read no JSON. */
export const refusalPayload = z.object({
  code: z.string(),
  kind: z.string(),
  message: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

/**
 * Asks a service, inside a client span that the service continues.
 *
 * @throws {RemoteFailure} the service refused, with its code
 * @throws {ServiceUnreachable} nobody answers the subject
 * @throws {ServiceTimedOut} no answer within `timeoutMs`
 * @throws {RequestTooLarge} the request is over nats-server's `max_payload`
 * @throws {MalformedReply} the answer breaks the contract
 */
export function callService<C extends RequestContract>(
  nats: NatsConnection,
  contract: C,
  request: z.input<C['request']>,
  timeoutMs: number = contract.timeoutMs,
): Promise<ReplyOf<C>> {
  const { subject } = contract;
  return inSpan(
    `${subject} request`,
    {
      kind: SpanKind.CLIENT,
      attributes: { 'messaging.system': 'nats', 'messaging.destination.name': subject },
    },
    async () => {
      const message = await send(nats, subject, request, timeoutMs);
      throwRefusal(message);
      const reply = contract.reply.safeParse(jsonOf(message));
      if (!reply.success) throw new MalformedReply(subject, reply.error);
      return reply.data as ReplyOf<C>;
    },
  );
}

async function send(
  nats: NatsConnection,
  subject: string,
  request: unknown,
  timeoutMs: number,
): Promise<Msg> {
  const carried = headers();
  injectTrace(carried);
  const payload = JSON.stringify(request);
  try {
    return await nats.request(subject, payload, { timeout: timeoutMs, headers: carried });
  } catch (error) {
    if (error instanceof errors.TimeoutError) throw new ServiceTimedOut(subject, timeoutMs);
    if (error instanceof errors.InvalidArgumentError) {
      throw new RequestTooLarge(subject, Buffer.byteLength(payload), error);
    }
    if (isUnreachable(error)) throw new ServiceUnreachable(subject, error);
    throw error;
  }
}

/** Nobody listens, the connection broke, or it is closed for good. */
function isUnreachable(error: unknown): boolean {
  return (
    error instanceof errors.NoRespondersError ||
    error instanceof errors.RequestError ||
    error instanceof errors.ConnectionError ||
    error instanceof errors.ClosedConnectionError ||
    error instanceof errors.DrainingConnectionError
  );
}

function throwRefusal(message: Msg): void {
  const code = message.headers?.get(SERVICE_ERROR_HEADER);
  if (code === undefined || code === '') return;
  const refusal = refusalPayload.safeParse(jsonOf(message));
  if (!refusal.success) {
    throw new RemoteFailure(
      code,
      'internal',
      `refused with ${message.headers?.get(SERVICE_ERROR_CODE_HEADER)}`,
    );
  }
  throw new RemoteFailure(code, refusal.data.kind as FailureKind, refusal.data.message, refusal.data.errors);
}

function jsonOf(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

import { SERVICE_ERROR_CODE_HEADER, SERVICE_ERROR_HEADER } from '@gatehouse/contracts';
import type {
  ConsumerDeserializer,
  IncomingRequest,
  IncomingEvent,
  OutgoingResponse,
  Serializer,
} from '@nestjs/microservices';
import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { asFailure, httpStatusOf } from './failure-status.ts';

/** A request payload that is not JSON; the contract then refuses it like any other wrong payload. */
export const NOT_JSON = Symbol('not JSON');

interface PlainResponse {
  readonly data: string;
  readonly headers: MsgHdrs | undefined;
}

/** Requests are the contract's JSON and nothing around it. */
export class PlainJsonDeserializer implements ConsumerDeserializer {
  deserialize(message: Msg, options?: Record<string, unknown>): IncomingRequest | IncomingEvent {
    const pattern = options?.['channel'];
    const data = jsonOf(message);
    // Nest tells a request from an event by an id; the reply subject is as good as any.
    return message.reply === undefined || message.reply === ''
      ? { pattern, data }
      : { pattern, data, id: message.reply };
  }
}

/** Replies are the contract's JSON; refusals carry their code in ADR-32 headers. */
export class PlainJsonSerializer implements Serializer<OutgoingResponse, PlainResponse> {
  serialize(packet: OutgoingResponse): PlainResponse {
    const error: unknown = packet.err;
    if (error === undefined || error === null)
      return { data: JSON.stringify(packet.response ?? null), headers: undefined };
    const failure = asFailure(error);
    const refused = headers();
    refused.set(SERVICE_ERROR_CODE_HEADER, String(httpStatusOf(failure.kind)));
    refused.set(SERVICE_ERROR_HEADER, failure.code);
    const { code, kind, message, errors } = failure;
    return { data: JSON.stringify({ code, kind, message, errors }), headers: refused };
  }
}

function jsonOf(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return NOT_JSON;
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { SERVICE_ERROR_CODE_HEADER, SERVICE_ERROR_HEADER } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import {
  NatsContext,
  Server,
  type CustomTransportStrategy,
  type MessageHandler,
} from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { asFailure, httpStatusOf } from './failure-status.ts';

/** A third party has 5 s by default to say who may come in; a service has 10 s to stop. */
const ANSWERING_MS = 6_000;

/**
 * Nest's rim for the bus: what a contract asks for comes as plain JSON, and so does the answer; a refusal has
 * its code in the headers of ADR-32 of NATS.
 *
 * Requests come over the same connection as the service's events, in the order that the server sent them in.
 * So who asks about a device that was just disabled finds a service that knows it. With a connection for each, a
 * service may read the request first.
 */
export class RequestServer extends Server implements CustomTransportStrategy {
  readonly #subscriptions: Subscription[] = [];
  readonly #inHand = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  /** @param queue instances that give the same name share the requests */
  constructor(
    private readonly nats: NatsConnection,
    private readonly queue: string,
    private readonly log: Logger,
  ) {
    super();
  }

  listen(listening: () => void): void {
    for (const [subject, handler] of this.messageHandlers) {
      const callback = (error: Error | null, message: Msg): void => {
        if (error === null) this.#take(handler, message);
        else this.log.error({ err: error, subject }, 'requests do not arrive');
      };
      this.#subscriptions.push(this.nats.subscribe(subject, { queue: this.queue, callback }));
    }
    listening();
  }

  /** Takes no more requests and answers those that it has, or gives up on them after 6 s; once, however often called. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const answered = async (): Promise<void> => {
      await Promise.allSettled(this.#subscriptions.splice(0).map((subscription) => subscription.drain()));
      await Promise.all(this.#inHand);
    };
    await Promise.race([answered(), delay(ANSWERING_MS, undefined, { ref: false })]);
    const requests = this.#inHand.size;
    if (requests > 0) this.log.warn({ requests }, 'the service stops with requests that it has not answered');
  }

  on(): never {
    throw new Error('the service has the connection, with its events, as NATS');
  }

  unwrap(): never {
    return this.on();
  }

  #take(handler: MessageHandler, message: Msg): void {
    const answered = this.#answer(handler, message)
      .catch((error: unknown) => {
        this.log.error({ err: error, subject: message.subject }, 'an answer could not be sent');
        refuse(message, error);
      })
      .catch(() => undefined)
      .finally(() => this.#inHand.delete(answered));
    this.#inHand.add(answered);
  }

  async #answer(handler: MessageHandler, message: Msg): Promise<void> {
    let reply: unknown;
    try {
      const answer = await handler(jsonOf(message), new NatsContext([message.subject, message.headers]));
      reply = await firstValueFrom(this.transformToObservable(answer));
    } catch (error) {
      refuse(message, error);
      return;
    }
    message.respond(JSON.stringify(reply));
  }
}

function refuse(message: Msg, error: unknown): void {
  const { code, kind, message: words, errors } = asFailure(error);
  const refused = headers();
  refused.set(SERVICE_ERROR_CODE_HEADER, String(httpStatusOf(kind)));
  refused.set(SERVICE_ERROR_HEADER, code);
  message.respond(JSON.stringify({ code, kind, message: words, errors }), { headers: refused });
}

/** Undefined for what is not JSON: the contract then refuses it like any other wrong payload. */
function jsonOf(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

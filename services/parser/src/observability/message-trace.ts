import type { UplinkMessage } from '@gatehouse/contracts';
import { isSampled, spanContextOf, startSpan, traceContextOf, traceparentOf } from '@gatehouse/observability';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Span } from '@opentelemetry/api';
import type { MessageFailure } from '../uplink/message-failure.ts';

/** The spans of one sampled message in the parser: `uplink process`, in it `parse script` and `messages publish`. */
export class MessageTrace {
  readonly #process: Span;
  readonly #inside: Context;
  #publish: Span | undefined;

  private constructor(message: UplinkMessage, messageId: string) {
    const edge = trace.setSpanContext(ROOT_CONTEXT, spanContextOf(message.trace));
    this.#process = startSpan(
      'uplink process',
      {
        kind: SpanKind.CONSUMER,
        attributes: {
          'messaging.system': 'nats',
          'messaging.message.id': messageId,
          'messaging.message.body.size': message.payload.length,
          'gatehouse.device.name': message.deviceName,
        },
      },
      edge,
    );
    this.#inside = trace.setSpan(ROOT_CONTEXT, this.#process);
  }

  /** Nothing for the many messages that are not sampled. */
  static of(message: UplinkMessage, messageId: string): MessageTrace | undefined {
    return isSampled(message.trace) ? new MessageTrace(message, messageId) : undefined;
  }

  /** @param startedAt milliseconds since 1970; a script runs for a whole batch, so the span is that of the run */
  parsed(startedAt: number, scriptVersion: number, failure: MessageFailure | undefined): void {
    const span = startSpan(
      'parse script',
      {
        kind: SpanKind.INTERNAL,
        startTime: startedAt,
        attributes: { 'gatehouse.script.version': scriptVersion },
      },
      this.#inside,
    );
    if (failure !== undefined) fail(span, failure);
    span.end();
  }

  /** @returns the `traceparent` for who reads the message */
  publishing(subject: string): string {
    this.#publish = startSpan(
      'messages publish',
      {
        kind: SpanKind.PRODUCER,
        attributes: { 'messaging.system': 'nats', 'messaging.destination.name': subject },
      },
      this.#inside,
    );
    return traceparentOf(traceContextOf(this.#publish.spanContext()));
  }

  stored(): void {
    this.#publish?.end();
    this.#process.end();
  }

  failed(failure: MessageFailure): void {
    this.#publish?.end();
    fail(this.#process, failure);
    this.#process.end();
  }
}

function fail(span: Span, { code, message }: MessageFailure): void {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

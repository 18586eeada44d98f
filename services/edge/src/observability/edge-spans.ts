import {
  isSampled,
  newTraceContext,
  spanContextOf,
  startSpan,
  traceContextOf,
  TraceRate,
} from '@gatehouse/observability';
import { ROOT_CONTEXT, SpanKind, trace, type Span } from '@opentelemetry/api';

/** A message that is traced: its span, and that of the batch it travels in once that is sent. */
export interface TracedMessage {
  readonly span: Span;
  publish: Span | undefined;
}

/**
 * Decides which connects and messages get spans, and starts them. An edge takes more of both than a trace
 * store wants, so all others carry a trace context that costs some random bytes and is not sampled.
 */
export class EdgeSpans {
  readonly #connects: TraceRate;
  readonly #messages: TraceRate;

  constructor(
    readonly isExporting: boolean,
    perSecond: number,
  ) {
    this.#connects = new TraceRate(perSecond);
    this.#messages = new TraceRate(perSecond);
  }

  /** The root of a device's trace: from the CONNECT packet to CONNACK. */
  connect(gatewayId: string, protocolVersion: number): Span {
    const isTraced = this.isExporting && this.#connects.take(Date.now());
    return startSpan(
      'mqtt CONNECT',
      {
        kind: SpanKind.SERVER,
        attributes: {
          'network.protocol.name': 'mqtt',
          'network.protocol.version': protocolVersion === 5 ? '5.0' : protocolVersion === 4 ? '3.1.1' : '3.1',
          'gatehouse.gateway.id': gatewayId,
        },
      },
      isTraced ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContextOf(newTraceContext())),
    );
  }

  /**
   * The span of a message, or undefined for one that is not traced.
   *
   * @param connect trace context of the CONNECT, for its first message, which continues that trace
   */
  publish(
    message: { readonly topic: string; readonly qos: number; readonly bytes: number },
    connect: Uint8Array,
    isFirst: boolean,
  ): TracedMessage | undefined {
    if (!this.isExporting) return undefined;
    const continues = isFirst && isSampled(connect);
    if (!continues && !this.#messages.take(Date.now())) return undefined;
    const span = startSpan(
      'mqtt PUBLISH',
      {
        kind: SpanKind.SERVER,
        attributes: {
          'messaging.system': 'mqtt',
          'messaging.destination.name': message.topic,
          'messaging.message.body.size': message.bytes,
          'gatehouse.mqtt.qos': message.qos,
        },
        ...(continues ? {} : { links: [{ context: spanContextOf(connect) }] }),
      },
      continues ? trace.setSpanContext(ROOT_CONTEXT, spanContextOf(connect)) : ROOT_CONTEXT,
    );
    return { span, publish: undefined };
  }

  /** The span of sending a traced message's batch, from here to JetStream's acknowledgement. */
  startUplink(message: TracedMessage, subject: string, batchId: string): void {
    message.publish ??= startSpan(
      'uplink publish',
      {
        kind: SpanKind.PRODUCER,
        attributes: {
          'messaging.system': 'nats',
          'messaging.destination.name': subject,
          'messaging.message.id': batchId,
        },
      },
      trace.setSpan(ROOT_CONTEXT, message.span),
    );
  }

  endUplink(message: TracedMessage): void {
    message.publish?.end();
    message.span.end();
  }
}

/** The trace context of a message that is not traced: the CONNECT's trace for the first, else one of its own. */
export function untracedContext(connect: Uint8Array, isFirst: boolean): Uint8Array {
  const own = newTraceContext();
  // The span id stays this message's own.
  if (isFirst) own.set(connect.subarray(0, 16));
  return own;
}

export function tracedContext(message: TracedMessage): Uint8Array {
  return traceContextOf(message.span.spanContext());
}

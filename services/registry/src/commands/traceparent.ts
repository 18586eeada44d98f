import { context, isSpanContextValid, trace } from '@opentelemetry/api';

/** The active span as `00-<trace id>-<span id>-<flags>` (W3C Trace Context §3.2); undefined outside a span. */
export function activeTraceparent(): string | undefined {
  const span = trace.getSpan(context.active())?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}

/** The trace id in a traceparent; null without one. */
export function traceIdOf(traceparent: string | undefined): string | null {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent ?? '')?.[1] ?? null;
}

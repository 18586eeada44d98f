import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { LogEvent } from 'kysely';

const tracer = trace.getTracer('gatehouse');

/**
 * A span for a query that has ended, child of the active one; a query outside every span makes none. The text
 * has placeholders, never values.
 */
export function spanOfQuery(event: LogEvent): void {
  if (trace.getSpan(context.active()) === undefined) return;
  const endedAt = performance.now();
  const text = event.query.sql;
  const span = tracer.startSpan(`postgres ${verbOf(text)}`, {
    kind: SpanKind.CLIENT,
    startTime: endedAt - event.queryDurationMillis,
    attributes: { 'db.system.name': 'postgresql', 'db.query.text': text },
  });
  if (event.level === 'error') {
    span.setStatus({ code: SpanStatusCode.ERROR });
    if (event.error instanceof Error) span.recordException(event.error);
  }
  span.end(endedAt);
}

/** `select` of `  select * from event`; `query` when the text begins with no word. */
export function verbOf(text: string): string {
  return /^\s*([a-z]+)/i.exec(text)?.[1]?.toLowerCase() ?? 'query';
}

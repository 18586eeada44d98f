import {
  context,
  isSpanContextValid,
  trace,
  type Context,
  type Span,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import { newTraceContext, spanContextOf } from './trace-context.ts';

type ActiveSpanArguments<Work> =
  | readonly [work: Work]
  | readonly [options: SpanOptions, work: Work]
  | readonly [options: SpanOptions, parent: Context, work: Work];

/**
 * Traces of a process that exports none. What is left of a trace then are its ids, in logs and in what goes to
 * other services: so a span is nothing but the context of its parent, or a new one, and costs next to nothing
 * where a span of the SDK that is not recorded costs ids, attributes and a decision.
 */
export class UnexportedTraces implements TracerProvider, Tracer {
  getTracer(): Tracer {
    return this;
  }

  startSpan(_name: string, { root = false }: SpanOptions = {}, parent: Context = context.active()): Span {
    const inherited = root ? undefined : trace.getSpanContext(parent);
    const isInherited = inherited !== undefined && isSpanContextValid(inherited);
    return trace.wrapSpanContext(isInherited ? inherited : spanContextOf(newTraceContext()));
  }

  startActiveSpan<Work extends (span: Span) => unknown>(
    name: string,
    ...rest: ActiveSpanArguments<Work>
  ): ReturnType<Work> {
    const [options, parent, work] =
      rest.length === 1
        ? [{}, context.active(), rest[0]]
        : rest.length === 2
          ? [rest[0], context.active(), rest[1]]
          : rest;
    const span = this.startSpan(name, options, parent);
    return context.with(trace.setSpan(parent, span), () => work(span)) as ReturnType<Work>;
  }
}

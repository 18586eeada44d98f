import { context, ROOT_CONTEXT, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTraceContext, spanContextOf } from './trace-context.ts';
import { UnexportedTraces } from './unexported-traces.ts';

const activeTraceId = (): string | undefined => trace.getActiveSpan()?.spanContext().traceId;
const tracer = new UnexportedTraces().getTracer();

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

test('a span without a parent begins a trace of its own, which nobody records', () => {
  const [one, other] = [tracer.startSpan('a'), tracer.startSpan('b')];
  expect(one.isRecording()).toBe(false);
  expect(one.spanContext()).toMatchObject({
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
    traceFlags: TraceFlags.NONE,
  });
  expect(other.spanContext().traceId).not.toBe(one.spanContext().traceId);
});

test('a span with a parent is part of its trace, recorded elsewhere or not', () => {
  for (const traceFlags of [TraceFlags.NONE, TraceFlags.SAMPLED]) {
    const parent = { ...spanContextOf(newTraceContext()), traceFlags };
    const span = tracer.startSpan('a', {}, trace.setSpanContext(ROOT_CONTEXT, parent));
    expect(span.spanContext()).toMatchObject({ traceId: parent.traceId, traceFlags });
  }
});

test('a root is no part of the trace it is started in, nor of one whose ids are no ids', () => {
  const parent = trace.setSpanContext(ROOT_CONTEXT, spanContextOf(newTraceContext()));
  const root = tracer.startSpan('a', { root: true }, parent).spanContext();
  expect(root.traceId).not.toBe(trace.getSpanContext(parent)?.traceId);
  const nothing = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: TraceFlags.NONE };
  const span = tracer.startSpan('a', {}, trace.setSpanContext(ROOT_CONTEXT, nothing));
  expect(span.spanContext().traceId).not.toBe(nothing.traceId);
});

test('what runs inside a span finds it, also after it has waited', async () => {
  const found = await tracer.startActiveSpan('a', async (span) => {
    await new Promise((resolve) => setImmediate(resolve));
    return [
      span.spanContext().traceId,
      activeTraceId(),
      tracer.startActiveSpan('b', {}, () => activeTraceId()),
    ];
  });
  expect(new Set(found).size).toBe(1);
  expect(activeTraceId()).toBeUndefined();
  const parent = trace.setSpanContext(ROOT_CONTEXT, spanContextOf(newTraceContext()));
  expect(tracer.startActiveSpan('c', {}, parent, () => activeTraceId())).toBe(
    trace.getSpanContext(parent)?.traceId,
  );
});

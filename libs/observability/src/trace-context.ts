import { randomBytes } from 'node:crypto';
import { TraceFlags, type SpanContext } from '@opentelemetry/api';

/** Bytes of a binary trace context: trace id (16), span id (8), flags (1). */
export const TRACE_CONTEXT_BYTES = 25;

const POOL_CONTEXTS = 128;
const CONTEXT_ID_BYTES = 24;
let pool = Buffer.alloc(0);
let poolOffset = 0;

/** A new, unsampled trace context; cheap enough for every message. */
export function newTraceContext(): Uint8Array {
  if (poolOffset >= pool.length) {
    pool = randomBytes(POOL_CONTEXTS * CONTEXT_ID_BYTES);
    poolOffset = 0;
  }
  const bytes = new Uint8Array(TRACE_CONTEXT_BYTES);
  bytes.set(pool.subarray(poolOffset, poolOffset + CONTEXT_ID_BYTES));
  poolOffset += CONTEXT_ID_BYTES;
  return bytes;
}

export function traceContextOf(span: SpanContext): Uint8Array {
  const bytes = new Uint8Array(TRACE_CONTEXT_BYTES);
  bytes.set(Buffer.from(span.traceId + span.spanId, 'hex'));
  bytes[CONTEXT_ID_BYTES] = span.traceFlags;
  return bytes;
}

export function spanContextOf(bytes: Uint8Array): SpanContext {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, CONTEXT_ID_BYTES).toString('hex');
  return {
    traceId: hex.slice(0, 32),
    spanId: hex.slice(32),
    traceFlags: bytes[CONTEXT_ID_BYTES] ?? TraceFlags.NONE,
    isRemote: true,
  };
}

export function isSampled(bytes: Uint8Array): boolean {
  return ((bytes[CONTEXT_ID_BYTES] ?? 0) & TraceFlags.SAMPLED) !== 0;
}

/** `00-<trace id>-<span id>-<flags>`, W3C Trace Context §3.2. */
export function traceparentOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, TRACE_CONTEXT_BYTES).toString('hex');
  return `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-${hex.slice(48)}`;
}

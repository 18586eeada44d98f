import type { MsgHdrs } from '@nats-io/transport-node';
import { context, propagation, type Context } from '@opentelemetry/api';

/** Writes the active trace into message headers as `traceparent`. */
export function injectTrace(carrier: MsgHdrs, from: Context = context.active()): void {
  propagation.inject(from, carrier, { set: (to, key, value) => to.set(key, value) });
}

/** The context that message headers carry, on top of the active one. */
export function extractTrace(carrier: MsgHdrs | undefined): Context {
  if (carrier === undefined) return context.active();
  return propagation.extract(context.active(), carrier, {
    get: (from, key) => from.get(key) || undefined,
    keys: (from) => from.keys(),
  });
}

/** The context of a `traceparent` that came in some other way than headers. */
export function contextOfTraceparent(traceparent: string | undefined): Context {
  if (traceparent === undefined) return context.active();
  return propagation.extract(context.active(), { traceparent });
}

export {
  CountedByLabel,
  CountedTotal,
  gaugesBy,
  labelledGauge,
  observedGauge,
  secondsHistogram,
} from './counted.ts';
export { createLogger, type Logger } from './logger.ts';
export { OutageLog, reasonOf } from './outage-log.ts';
export { failSpan, inSpan, startSpan } from './spans.ts';
export { startTelemetry, type Telemetry } from './start-telemetry.ts';
export {
  isSampled,
  newTraceContext,
  spanContextOf,
  TRACE_CONTEXT_BYTES,
  traceContextOf,
  traceparentOf,
} from './trace-context.ts';
export { TraceRate } from './trace-rate.ts';

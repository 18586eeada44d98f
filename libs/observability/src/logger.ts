import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino';
import pretty from 'pino-pretty';

export type Logger = PinoLogger;

/** Never written, wherever they stand in what is logged. */
const SECRET_PATHS = ['password', 'serverPrivateKey', 'authorization', 'apiKey', 'accessKeySecret'].flatMap(
  (field) => [field, `*.${field}`, `*.*.${field}`],
);

/**
 * Logs of one process: JSON lines, readable ones on a terminal. Every line carries the service and,
 * inside a span, `traceId` and `spanId`.
 *
 * @param level a pino level; LOG_LEVEL of the environment, `info` by default
 * @param destination in place of stdout
 */
export function createLogger(
  service: string,
  level = process.env['LOG_LEVEL'] ?? 'info',
  destination?: DestinationStream,
): Logger {
  const options = {
    level,
    base: { service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_PATHS, censor: '[secret]' },
    mixin: () => {
      const span = trace.getActiveSpan()?.spanContext();
      return span !== undefined && isSpanContextValid(span)
        ? { traceId: span.traceId, spanId: span.spanId }
        : {};
    },
  };
  if (destination !== undefined) return pino(options, destination);
  return process.stdout.isTTY
    ? pino(options, pretty({ ignore: 'pid,hostname', singleLine: true }))
    : pino(options);
}

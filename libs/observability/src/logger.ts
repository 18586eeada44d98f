import { isSpanContextValid, trace } from '@opentelemetry/api';
import {
  destination as toFile,
  pino,
  stdTimeFunctions,
  type DestinationStream,
  type Logger as PinoLogger,
} from 'pino';
import pretty from 'pino-pretty';
import { GatheredLines } from './gathered-lines.ts';
import { CENSOR, SECRET_FIELDS, withoutSecrets } from './without-secrets.ts';

export type Logger = PinoLogger;

/** Of all loggers of this process, so that their lines stay in order. */
let stdout: DestinationStream | undefined;

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
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => withoutSecrets(fields),
    },
    // For bindings of child loggers and what is put into a message, which the formatter does not see.
    redact: { paths: [...SECRET_FIELDS], censor: CENSOR },
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
    : pino(options, (stdout ??= new GatheredLines(toFile({ dest: 1, sync: true }))));
}

import { createLogger, type Logger } from '@gatehouse/observability';
import type { LoggerService } from '@nestjs/common';

let current: Logger | undefined;

/** The logger of this process, named by {@link nameServiceLogger} at its start. */
export function serviceLogger(): Logger {
  return (current ??= createLogger('unnamed'));
}

export function nameServiceLogger(service: string): Logger {
  return (current = createLogger(service));
}

const NATS_STATUS = /^NatsError: type: /;

/** Nest's own lines go into our log, at debug except for warnings and errors. */
export class NestLog implements LoggerService {
  log(message: unknown, ...rest: unknown[]): void {
    serviceLogger().debug({ nest: rest.at(-1) }, String(message));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    serviceLogger().warn({ nest: rest.at(-1) }, String(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    // What Nest's transport says of a connection that comes and goes; ours says it once, in `runService`.
    if (NATS_STATUS.test(String(message))) {
      serviceLogger().debug({ nest: rest.at(-1) }, String(message));
      return;
    }
    serviceLogger().error(
      { err: message instanceof Error ? message : undefined, nest: rest.at(-1) },
      String(message),
    );
  }

  debug(message: unknown): void {
    serviceLogger().debug(String(message));
  }

  verbose(message: unknown): void {
    serviceLogger().trace(String(message));
  }
}

import { isNatsOutage } from '@gatehouse/nats';
import { reasonOf, type Logger } from '@gatehouse/observability';
import { isDatabaseOutage } from './database-outage.ts';
import { BackOff } from './back-off.ts';

/** Work that goes on while the service runs. */
export interface BackgroundWork {
  readonly name: string;
  /** Returns when `signal` aborts; when it throws, it is started again after a pause. */
  run(signal: AbortSignal): Promise<void>;
}

/** A run that lasted this long was no failed start: the next pause is a short one. */
const HEALTHY_AFTER_MS = 30_000;

const STARTS_AGAIN = 'background work failed and starts again';

/** Keeps work running until `signal` aborts; failures are logged and followed by growing pauses. */
export async function keepRunning(work: BackgroundWork, signal: AbortSignal, logger: Logger): Promise<void> {
  const backOff = new BackOff();
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      await work.run(signal);
    } catch (error) {
      if (signal.aborted) return;
      // Outages are told by the connections to the database and to NATS, once each.
      const isOutage = isDatabaseOutage(error) || isNatsOutage(error);
      if (isOutage) logger.debug({ reason: reasonOf(error), work: work.name }, STARTS_AGAIN);
      else logger.warn({ err: error, work: work.name }, STARTS_AGAIN);
    }
    if (performance.now() - startedAt > HEALTHY_AFTER_MS) backOff.succeeded();
    await backOff.pause(signal);
  }
}

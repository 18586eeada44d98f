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

/** An outage may be over at any moment, and then edges wait for what was changed meanwhile. */
const MAX_OUTAGE_PAUSE_MS = 1_000;

/** Keeps work running until `signal` aborts; failures are logged and followed by growing pauses. */
export async function keepRunning(work: BackgroundWork, signal: AbortSignal, logger: Logger): Promise<void> {
  const afterMistake = new BackOff();
  const afterOutage = new BackOff(250, MAX_OUTAGE_PAUSE_MS);
  while (!signal.aborted) {
    const startedAt = performance.now();
    let backOff = afterMistake;
    try {
      await work.run(signal);
    } catch (error) {
      if (signal.aborted) return;
      // Outages are told by the connections to the database and to NATS, once each.
      const isOutage = isDatabaseOutage(error) || isNatsOutage(error);
      if (isOutage) {
        backOff = afterOutage;
        logger.debug({ reason: reasonOf(error), work: work.name }, STARTS_AGAIN);
      } else logger.warn({ err: error, work: work.name }, STARTS_AGAIN);
    }
    if (performance.now() - startedAt > HEALTHY_AFTER_MS) backOff.succeeded();
    await backOff.pause(signal);
  }
}

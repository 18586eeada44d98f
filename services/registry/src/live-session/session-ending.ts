import { kickSession, registryEventSubject, type SessionEndReason } from '@gatehouse/contracts';
import type { RecordedEvent } from '@gatehouse/event-store';
import { callService, ServiceUnreachable } from '@gatehouse/nats';
import { reasonOf, type Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import { pauseUnlessAborted } from '../background/back-off.ts';
import type { LogReader } from '../background/log-follower.ts';
import type { DeviceAdmission, DeviceQueries } from '../device/device-views.queries.ts';
import { streamNameOf } from '../stream-names.ts';
import type { FoundSession, SessionDirectory } from './session-directory.ts';

export interface Ending {
  readonly productKey: string;
  readonly deviceName: string;
  readonly reason: SessionEndReason;
}

/** An edge that hangs is given up after 8 s, and may claim its sessions again. */
const LOOK_AGAIN_AFTER_MS = [6_000, 30_000];
const MAX_LOOKS_WAITING = 20_000;
const PUBLISHED_WITHIN_MS = 300;
const ATTEMPTS = 3;
const RETRY_MS = 200;

/**
 * Ends the live session of a device that was disabled or deleted, or that has a new password: soon by the
 * instance that did it, and at least once by the log, which can be held back by a long transaction. One that was
 * not open yet ends when it is reported; whose edge does not answer is looked for again.
 */
export class SessionEnding implements LogReader {
  readonly name = 'session-ending';
  readonly batchSize = 200;
  readonly #looksWaiting = new Set<NodeJS.Timeout>();
  readonly #stopped = new AbortController();

  constructor(
    private readonly nats: NatsConnection,
    private readonly devices: DeviceQueries,
    private readonly sessions: SessionDirectory,
    private readonly logger: Logger,
  ) {}

  /**
   * Right after the command, without waiting for the edge: as soon as the event is published, because auth
   * would admit a device that comes back before it has heard of it; or a little later in any case.
   */
  endNow(ending: Ending): void {
    const { productKey, deviceName, reason } = ending;
    const published = this.nats.subscribe(registryEventSubject('device', productKey, deviceName), {
      max: 1,
      timeout: PUBLISHED_WITHIN_MS,
      callback: () => {
        // A timeout leaves the subscription as it is.
        published.unsubscribe();
        this.end(ending, this.#stopped.signal).catch((error: unknown) => {
          this.logger.warn(
            { error: reasonOf(error), productKey, deviceName, reason },
            'a session is left to the log to end',
          );
        });
      },
    });
  }

  onModuleDestroy(): void {
    this.#stopped.abort();
  }

  async handle(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    await Promise.all(
      events.map(async (event) => {
        const ending = endingOf(event);
        if (ending === undefined) return;
        await this.end(ending, signal);
        this.#lookAgainLater(ending, signal);
      }),
    );
  }

  /**
   * Ends the session that the device has, unless the device may have it.
   *
   * @returns false when its edge is not there or did not answer in three tries, or `signal` aborted
   */
  async end({ productKey, deviceName, reason }: Ending, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS && !signal.aborted; attempt += 1) {
      const found = await this.sessions.find(productKey, deviceName);
      if (found === undefined) return true;
      // An old event that is read again must not end a session that began after it.
      if (isAllowed(found, await this.devices.admissionOf(productKey, deviceName), reason)) return true;
      try {
        const request = { productKey, deviceName, upToSession: found.session, reason };
        await callService(this.nats, kickSession(found.entry.edgeId), request);
        return true;
      } catch (error) {
        // Its sessions are closed when it is given up, and reported again when it is back after that.
        if (error instanceof ServiceUnreachable) return false;
        this.logger.warn(
          { error: reasonOf(error), productKey, deviceName, attempt },
          'a session could not be ended',
        );
        await pauseUnlessAborted(RETRY_MS * attempt, signal);
      }
    }
    return false;
  }

  #lookAgainLater(ending: Ending, signal: AbortSignal): void {
    for (const afterMs of LOOK_AGAIN_AFTER_MS) {
      if (this.#looksWaiting.size >= MAX_LOOKS_WAITING) return;
      const timer = setTimeout(() => {
        this.#looksWaiting.delete(timer);
        if (signal.aborted) return;
        this.end(ending, signal).catch((error: unknown) => {
          this.logger.warn({ error: reasonOf(error), ...ending }, 'a session could not be looked for again');
        });
      }, afterMs);
      timer.unref();
      this.#looksWaiting.add(timer);
    }
  }
}

/** By versions, not by clocks: an edge's and the registry's may differ. */
function isAllowed(
  { entry: { credentialVersion } }: FoundSession,
  device: DeviceAdmission | undefined,
  reason: SessionEndReason,
): boolean {
  if (device === undefined || device.isDisabled) return false;
  if (credentialVersion === undefined) return reason !== 'credentials-changed';
  return credentialVersion >= device.credentialVersion;
}

function endingOf({ streamId, type }: RecordedEvent): Ending | undefined {
  const reason = REASONS[type];
  const { aggregate, ids } = streamNameOf(streamId);
  const [productKey, deviceName] = ids;
  if (reason === undefined || aggregate !== 'device') return undefined;
  if (productKey === undefined || deviceName === undefined) return undefined;
  return { productKey, deviceName, reason };
}

const REASONS: Readonly<Record<string, SessionEndReason>> = {
  DeviceDisabled: 'device-disabled',
  DeviceDeleted: 'device-deleted',
  DeviceCredentialsReplaced: 'credentials-changed',
};

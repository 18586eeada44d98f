import { kickSession, registryEventSubject, type SessionEndReason } from '@gatehouse/contracts';
import type { RecordedEvent } from '@gatehouse/event-store';
import { Failure } from '@gatehouse/failure';
import { callService, ServiceUnreachable } from '@gatehouse/nats';
import { reasonOf, type Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import { pauseUnlessAborted } from '../background/back-off.ts';
import type { LogReader } from '../background/log-follower.ts';
import type { DeviceQueries } from '../device/device-views.queries.ts';
import { streamNameOf } from '../stream-names.ts';
import type { FoundSession, SessionDirectory } from './session-directory.ts';

export interface Ending {
  readonly productKey: string;
  readonly deviceName: string;
  readonly reason: SessionEndReason;
  /** Ends only what had connected before; without it whatever there is while the device may not connect. */
  readonly before?: ConnectedBefore | undefined;
}

/** A session that either says so of. Numbers know nothing of clocks, and the log knows no numbers. */
export interface ConnectedBefore {
  /** The device's session at that moment. */
  readonly session?: number | undefined;
  readonly instant: Date;
}

/**
 * An admission that was under way meanwhile can still become a session: in moments, or, when NATS does not
 * answer, after up to 10 s for the verdict and 18 s for the claim on the device.
 */
const LOOK_AGAIN_AFTER_MS = [6_000, 30_000];
const MAX_LOOKS_WAITING = 20_000;
const PUBLISHED_WITHIN_MS = 300;
const ATTEMPTS = 3;
const RETRY_MS = 200;

/**
 * Ends the live session of a device that was disabled or deleted, or that has a new password: soon by the
 * instance that did it, and at least once by the log, which can be held back by a long transaction. One that was
 * not open yet is found by looking again; of a device that may not connect, by its report.
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
    this.#whenPublished(ending, () => this.end(ending, this.#stopped.signal));
  }

  /** The same, for a device that may connect again: what it connects now goes on. */
  endFormerNow(ending: Omit<Ending, 'before'>): void {
    const instant = new Date();
    const { productKey, deviceName } = ending;
    const present = this.sessions.find(productKey, deviceName).catch(() => undefined);
    const before = async (): Promise<ConnectedBefore> => ({ session: (await present)?.session, instant });
    const end = async (): Promise<void> => {
      const whole = { ...ending, before: await before() };
      await this.end(whole, this.#stopped.signal);
      this.#lookAgainLater(whole, this.#stopped.signal);
    };
    this.#whenPublished(ending, end);
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

  #whenPublished({ productKey, deviceName, reason }: Ending, end: () => Promise<void>): void {
    this.nats.subscribe(registryEventSubject('device', productKey, deviceName), {
      max: 1,
      timeout: PUBLISHED_WITHIN_MS,
      callback: () => {
        end().catch((error: unknown) => {
          this.logger.warn(
            { error: reasonOf(error), productKey, deviceName, reason },
            'a session is left to the log to end',
          );
        });
      },
    });
  }

  /** Returns when the device's edge has ended the session, when there is none to end, or after three tries. */
  async end(ending: Ending, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS && !signal.aborted; attempt += 1) {
      // An old event that is read again must not end the session of a device that is enabled by now.
      const { productKey, deviceName, reason } = ending;
      const found = await this.sessions.find(productKey, deviceName);
      if (found === undefined || (await this.#mayGoOn(found, ending))) return;
      try {
        const request = { productKey, deviceName, upToSession: found.session, reason };
        await callService(this.nats, kickSession(found.entry.edgeId), request);
        return;
      } catch (error) {
        if (error instanceof ServiceUnreachable) return;
        this.logger.warn(
          { error: reasonOf(error), productKey, deviceName, attempt },
          'a session could not be ended',
        );
        await pauseUnlessAborted(RETRY_MS * attempt, signal);
      }
    }
  }

  async #mayGoOn(
    { session, entry }: FoundSession,
    { productKey, deviceName, before }: Ending,
  ): Promise<boolean> {
    if (before !== undefined) {
      const isFormer = session <= (before.session ?? 0) || new Date(entry.connectedAt) < before.instant;
      return !isFormer;
    }
    try {
      return (await this.devices.get(productKey, deviceName)).status !== 'DISABLE';
    } catch (error) {
      if (error instanceof Failure && error.kind === 'not-found') return false;
      throw error;
    }
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

function endingOf({ streamId, type, recordedAt }: RecordedEvent): Ending | undefined {
  const reason = REASONS[type];
  const { aggregate, ids } = streamNameOf(streamId);
  const [productKey, deviceName] = ids;
  if (reason === undefined || aggregate !== 'device') return undefined;
  if (productKey === undefined || deviceName === undefined) return undefined;
  const before = reason === 'credentials-changed' ? { instant: admittedSafelySince(recordedAt) } : undefined;
  return { productKey, deviceName, reason, before };
}

/**
 * Auth hears of a new password when the log does. When that took so long that the session was ended without
 * waiting for it, the device may have come back by the former one: then only what connects when auth has heard
 * of it, in a moment, counts.
 */
function admittedSafelySince(recordedAt: Date): Date {
  const now = Date.now();
  const isLate = now - recordedAt.getTime() > PUBLISHED_WITHIN_MS;
  return isLate ? new Date(now + PUBLISHED_WITHIN_MS) : recordedAt;
}

const REASONS: Readonly<Record<string, SessionEndReason>> = {
  DeviceDisabled: 'device-disabled',
  DeviceDeleted: 'device-deleted',
  DeviceCredentialsReplaced: 'credentials-changed',
};

import { kickSession, type SessionEndReason } from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import type { Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConnectionFailure } from '../connection/connection.failures.ts';
import type { Claim, Device, SessionDirectory } from './session-directory.ts';
import { SessionEndedByOperator, SessionTakenOver } from './session.failures.ts';
import type { Sessions } from './sessions.ts';

/** A claim on its way to the directory, and the newest session that somebody wanted ended meanwhile. */
interface OpenClaim {
  claims: number;
  endedUpTo: number;
  failure: ConnectionFailure | undefined;
}

/** How long the messages of an ended session may take to be stored before its successor goes on. */
const STORE_TIMEOUT_MS = 1_500;

/** The newest CONNECT of a device wins, wherever its former session is. */
export class SessionTakeover {
  readonly #openClaims = new Map<string, OpenClaim>();

  constructor(
    private readonly nats: NatsConnection,
    private readonly directory: SessionDirectory,
    private readonly sessions: Sessions,
    private readonly logger: Logger,
  ) {}

  /**
   * Claims the device for this edge. Whoever claims it later is heard of even before the session exists here.
   *
   * @throws {SessionTakenOver | SessionEndedByOperator} when that happened
   * @throws {SessionDirectoryUnavailable}
   */
  async claim(device: Device, gatewayId: string, connectedAt: Date): Promise<Claim> {
    const key = keyOf(device);
    const open = this.#openClaims.get(key) ?? { claims: 0, endedUpTo: 0, failure: undefined };
    open.claims += 1;
    this.#openClaims.set(key, open);
    try {
      const claim = await this.directory.claim(device, gatewayId, connectedAt);
      if (open.failure !== undefined && claim.number <= open.endedUpTo) {
        this.directory.release(device, claim.number);
        throw open.failure;
      }
      return claim;
    } finally {
      open.claims -= 1;
      if (open.claims === 0) this.#openClaims.delete(key);
    }
  }

  /**
   * Ends the device's session here if its number is at most `upToSession`, and waits a little until what it
   * published is stored, so that the next session's messages come after.
   *
   * @returns whether there was one
   */
  async end(device: Device, upToSession: number, reason: SessionEndReason): Promise<boolean> {
    const failure = failureOf(reason);
    const open = this.#openClaims.get(keyOf(device));
    if (open !== undefined && upToSession > open.endedUpTo) {
      open.endedUpTo = upToSession;
      open.failure = failure;
    }
    const session = this.sessions.find(device.productKey, device.deviceName);
    if (session === undefined || session.identity.number > upToSession) return false;
    session.connection.close(failure);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, STORE_TIMEOUT_MS);
      session.ways.uplink.lane.whenStored(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return true;
  }

  /** Asks the edge that had the device before to end that session. One that is gone has nothing to end. */
  async endElsewhere(device: Device, former: { edgeId: string; number: number }): Promise<void> {
    try {
      await callService(this.nats, kickSession(former.edgeId), {
        ...device,
        upToSession: former.number,
        reason: 'taken-over',
      });
    } catch (error) {
      this.logger.info({ err: error, ...device, former }, 'the former edge of a device does not answer');
    }
  }
}

const keyOf = ({ productKey, deviceName }: Device): string => `${productKey} ${deviceName}`;

function failureOf(reason: SessionEndReason): ConnectionFailure {
  return reason === 'taken-over' ? new SessionTakenOver() : new SessionEndedByOperator(reason);
}

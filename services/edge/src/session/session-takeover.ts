import { kickSession, type SessionEndReason } from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import { reasonOf, type Logger } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConnectionFailure } from '../connection/connection.failures.ts';
import type { Device, SessionDirectory } from './session-directory.ts';
import type { Claim, ClaimTerms, HeldSession } from './session-claim.ts';
import { SessionDirectoryUnavailable, SessionEndedByOperator, SessionTakenOver } from './session.failures.ts';
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
  async claim(device: Device, terms: ClaimTerms): Promise<Claim> {
    const key = keyOf(device);
    const open = this.#openClaims.get(key) ?? { claims: 0, endedUpTo: 0, failure: undefined };
    open.claims += 1;
    this.#openClaims.set(key, open);
    try {
      const claim = await this.directory.claim(device, terms);
      if (open.failure !== undefined && claim.number <= open.endedUpTo) {
        await this.abandon(device, claim);
        throw open.failure;
      }
      return claim;
    } catch (error) {
      if (error instanceof SessionDirectoryUnavailable) {
        const { unsettled } = error;
        this.directory.retract(device, unsettled, (number) =>
          this.#endFormers(device, { number, formers: unsettled.formers }),
        );
      }
      throw error;
    } finally {
      open.claims -= 1;
      if (open.claims === 0) this.#openClaims.delete(key);
    }
  }

  /**
   * Gives a claim back that no session came of. The session it replaced is ended first: without its entry
   * in the directory nobody would find it any more.
   */
  async abandon(device: Device, claim: Claim): Promise<void> {
    await this.#endFormers(device, claim);
    this.directory.release(device, claim.number);
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

  /** Asks the edges that had the device before to end their sessions. */
  async endElsewhere(device: Device, formers: readonly HeldSession[]): Promise<void> {
    await Promise.all(formers.map((former) => this.#endAt(device, former)));
  }

  async #endFormers(device: Device, { number, formers }: Claim): Promise<void> {
    const older = this.sessions.find(device.productKey, device.deviceName);
    if (older !== undefined && older.identity.number < number) older.connection.close(new SessionTakenOver());
    await this.endElsewhere(device, formers);
  }

  /** An edge that is gone has nothing to end. */
  async #endAt(device: Device, former: HeldSession): Promise<void> {
    try {
      await callService(this.nats, kickSession(former.edgeId), {
        ...device,
        upToSession: former.number,
        reason: 'taken-over',
      });
    } catch (error) {
      this.logger.info(
        { reason: reasonOf(error), ...device, former },
        'the former edge of a device does not answer',
      );
    }
  }
}

const keyOf = ({ productKey, deviceName }: Device): string => `${productKey} ${deviceName}`;

function failureOf(reason: SessionEndReason): ConnectionFailure {
  return reason === 'taken-over' ? new SessionTakenOver() : new SessionEndedByOperator(reason);
}

import type { Failure } from '@gatehouse/failure';
import { ReasonCode } from '@gatehouse/mqtt';
import { connackCodeOf } from '../connection/close-reason.ts';
import type { Session } from '../session/session.ts';
import type { Attempt } from './attempt.ts';
import type { AdmittedAttempt, AttemptSession } from './attempt-record.ts';
import type { AttemptRecorder } from './attempt-recorder.ts';

/** What is still to be written down of one connection: first how its attempt went, then how it ended. */
export class RecordedConnection {
  readonly #gatewayId: string;
  readonly #remoteAddress: string;
  /** Until it is decided. */
  #attempt: Attempt | undefined;
  #admitted: AdmittedAttempt | undefined;

  constructor(
    attempt: Attempt,
    private readonly recorder: AttemptRecorder,
  ) {
    this.#gatewayId = attempt.gatewayId;
    this.#remoteAddress = attempt.remoteAddress;
    this.#attempt = attempt;
  }

  /** Undefined once it is decided. */
  get attempt(): Attempt | undefined {
    return this.#attempt;
  }

  /** CONNACK was sent. */
  admitted(session: Session): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    if (attempt === undefined) return;
    this.#admitted = this.recorder.admitted(attempt, sessionFacts(session), ReasonCode.Success);
  }

  /** @param packet the last that the client gets */
  failed(failure: Failure, packet: Buffer | undefined): void {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    if (attempt !== undefined) this.recorder.failed(attempt, failure, connackCodeOf(packet));
  }

  /** @param code of a failure, or why the connection ended without one */
  ended(session: Session, code: string): void {
    const admitted = this.#admitted;
    this.#admitted = undefined;
    if (admitted === undefined) return;
    const origin = { gatewayId: this.#gatewayId, remoteAddress: this.#remoteAddress };
    this.recorder.closed(admitted, sessionFacts(session), origin, code);
  }
}

function sessionFacts({ identity, terms }: Session): AttemptSession {
  const { productKey, deviceName, number } = identity;
  const { clientId, protocolVersion } = terms;
  return { productKey, deviceName, number, clientId, protocolVersion };
}

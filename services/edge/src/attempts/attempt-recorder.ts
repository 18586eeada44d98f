import { addressGroup, connectionAttemptSubject, type ConnectionAttempt } from '@gatehouse/contracts';
import type { Failure } from '@gatehouse/failure';
import { ClientGone } from '../admission/admission.failures.ts';
import { BoundedTable } from '../admission/bounded-table.ts';
import { RefusedUnasked } from '../admission/connect-limits.failures.ts';
import { Attempt } from './attempt.ts';
import { AttemptLane, type AttemptLaneParts } from './attempt-lane.ts';
import { attemptProblem } from './attempt-problem.ts';
import {
  admittedAttempt,
  failedAttempt,
  type AdmittedAttempt,
  type AttemptSession,
} from './attempt-record.ts';
import { AttemptSampler } from './attempt-sampler.ts';

export interface AttemptRecorderSettings {
  readonly edgeId: string;
  /** Unique for ever: names this run of this edge. */
  readonly runId: string;
  /** Recorded of one kind from one address in a minute; 0 records nothing. */
  readonly perAddress: {
    /** Of those that came to a CONNECT and were judged by it. */
    readonly judged: number;
    /** Of the others, and of those that were turned away before anybody was asked. */
    readonly unidentified: number;
  };
  /**
   * Of a gateway in a minute, from addresses that no device was admitted from: of those that were refused, and
   * of those that failed before anybody judged them; 0 records none.
   */
  readonly strangersPerGateway: number;
}

const MAX_KNOWN_ADDRESSES = 50_000;
/** The stream keeps 20,000 messages of each kind: of what anybody may send without end they fill about half of it. */
const MAX_BATCH_BYTES = { judged: 128 * 1_024, unidentified: 6 * 1_024 } as const;

/** Where an admitted connection came in. */
interface Origin {
  readonly gatewayId: string;
  readonly remoteAddress: string;
}

/**
 * Writes down who tried to connect and what became of it. What was never judged by a CONNECT goes to a subject
 * of its own, so that a flood of it pushes nothing else out.
 */
export class AttemptRecorder {
  readonly #sampler: AttemptSampler;
  readonly #strangers: AttemptSampler;
  /** By gateway: addresses that a device was admitted from. */
  readonly #known = new BoundedTable<true>(MAX_KNOWN_ADDRESSES, () => false);
  readonly #judged: AttemptLane;
  readonly #unidentified: AttemptLane;
  #attempts = 0;

  constructor(
    private readonly settings: AttemptRecorderSettings,
    private readonly parts: AttemptLaneParts,
  ) {
    const { runId } = settings;
    this.#sampler = new AttemptSampler();
    this.#strangers = new AttemptSampler();
    const lane = (kind: keyof typeof MAX_BATCH_BYTES): AttemptLane =>
      new AttemptLane(
        {
          subject: connectionAttemptSubject(kind),
          batchPrefix: `${runId}-${kind}`,
          maxBatchBytes: MAX_BATCH_BYTES[kind],
        },
        parts,
      );
    this.#judged = lane('judged');
    this.#unidentified = lane('unidentified');
  }

  /** Records that wait to be stored. */
  get queued(): number {
    return this.#judged.queued + this.#unidentified.queued;
  }

  begin(gatewayId: string, gatewayVersion: number, remoteAddress: string): Attempt {
    this.#attempts += 1;
    const id = `${this.settings.runId}-${this.#attempts.toString(36)}`;
    return new Attempt(id, gatewayId, gatewayVersion, remoteAddress);
  }

  /** @param connackCode what the client was told; undefined when there was no CONNACK */
  failed(attempt: Attempt, failure: Failure, connackCode?: number): void {
    const problem = attemptProblem(failure);
    // Who leaves while it is judged was neither let in nor refused.
    const wasJudged = attempt.connect !== undefined && !(failure instanceof ClientGone);
    const outcome = wasJudged ? 'refused' : 'failed';
    const { judged, unidentified } = this.settings.perAddress;
    const perMinute = wasJudged && !(failure instanceof RefusedUnasked) ? judged : unidentified;
    const notRecorded = this.#take(attempt, outcome, { reason: problem.reason, perMinute });
    if (notRecorded === undefined) return;
    if (attempt.connect !== undefined) attempt.step('verdict', problem.reason);
    const lane = wasJudged ? this.#judged : this.#unidentified;
    const verdict = { outcome, problem, connackCode: connackCode ?? null } as const;
    lane.add(JSON.stringify(failedAttempt(attempt, this.settings.edgeId, verdict, notRecorded)));
  }

  /** @returns what {@link closed} needs; undefined when the attempt is not recorded */
  admitted(attempt: Attempt, session: AttemptSession, connackCode: number): AdmittedAttempt | undefined {
    this.#known.set(originOf(attempt), true);
    const kind = { reason: '', perMinute: this.settings.perAddress.judged };
    const notRecorded = this.#take(attempt, 'admitted', kind);
    if (notRecorded === undefined) return undefined;
    const admitted: AdmittedAttempt = {
      id: attempt.id,
      startedAtMs: attempt.startedAtMs,
      milliseconds: attempt.milliseconds,
      connackCode,
      tls: attempt.tls,
      certificate: attempt.clientCertificate,
      username: attempt.connect?.username,
    };
    const { edgeId } = this.settings;
    const { gatewayId, remoteAddress, steps } = attempt;
    const record = admittedAttempt(
      { admitted, session, gatewayId, remoteAddress, edgeId },
      { steps, notRecorded, closed: null },
    );
    this.#judged.add(JSON.stringify(record));
    return admitted;
  }

  /** @param code of a failure, or why the connection ended without one */
  closed(admitted: AdmittedAttempt, session: AttemptSession, origin: Origin, code: string): void {
    const { edgeId } = this.settings;
    const { gatewayId, remoteAddress } = origin;
    const record = admittedAttempt(
      { admitted, session, gatewayId, remoteAddress, edgeId },
      { steps: [], notRecorded: 0, closed: { at: new Date().toISOString(), code } },
    );
    this.#judged.add(JSON.stringify(record));
  }

  async flush(deadline: AbortSignal): Promise<void> {
    await Promise.all([this.#judged.flush(deadline), this.#unidentified.flush(deadline)]);
  }

  close(): void {
    this.#judged.close();
    this.#unidentified.close();
  }

  /**
   * A stranger that was not let in needs a place among those of its gateway too.
   *
   * @returns how many like it were not recorded since the last one that was; undefined: nor is this one
   */
  #take(
    attempt: Attempt,
    outcome: ConnectionAttempt['outcome'],
    { reason, perMinute }: { readonly reason: string; readonly perMinute: number },
  ): number | undefined {
    const origin = originOf(attempt);
    const { strangersPerGateway } = this.settings;
    const now = performance.now();
    let notRecorded = this.#sampler.take(`${origin} ${outcome} ${reason}`, perMinute, now);
    if (notRecorded !== undefined && outcome !== 'admitted' && this.#known.get(origin) === undefined) {
      const strangers = `${attempt.gatewayId} ${outcome}`;
      notRecorded = this.#strangers.take(strangers, strangersPerGateway, now, notRecorded);
    }
    if (notRecorded === undefined) this.parts.metrics.attemptsNotRecorded.add(outcome);
    return notRecorded;
  }
}

/** Neither a gateway's id nor an address holds a space. */
function originOf({ gatewayId, remoteAddress }: Pick<Attempt, 'gatewayId' | 'remoteAddress'>): string {
  return `${gatewayId} ${addressGroup(remoteAddress)}`;
}

import type { ClientCertificate, ConnectionAttempt } from '@gatehouse/contracts';
import type { Attempt } from './attempt.ts';
import type { AttemptTls } from './attempt-tls.ts';

/** Why an attempt came to nothing, as its record says it. */
export interface AttemptProblem {
  /** Code of docs/errors.md. */
  readonly code: string;
  readonly reason: string;
  readonly message: string;
}

/** Of the session that an attempt came to. */
export interface AttemptSession {
  readonly productKey: string;
  readonly deviceName: string;
  readonly number: number;
  readonly clientId: string;
  readonly protocolVersion: number;
}

/** What is kept of an admitted attempt for as long as its connection lasts. */
export interface AdmittedAttempt {
  readonly id: string;
  readonly startedAtMs: number;
  readonly milliseconds: number;
  readonly connackCode: number;
  readonly tls: AttemptTls | undefined;
  readonly certificate: ClientCertificate | undefined;
  readonly username: string | undefined;
}

/** A client may send 64 kB, and a table of attempts is to be read. */
const MAX_TEXT = 1_024;
const text = (value: string | undefined): string | null => value?.slice(0, MAX_TEXT) ?? null;

export function failedAttempt(
  attempt: Attempt,
  edgeId: string,
  verdict: {
    readonly outcome: 'refused' | 'failed';
    readonly problem: AttemptProblem;
    readonly connackCode: number | null;
  },
  notRecorded: number,
): ConnectionAttempt {
  const { connect } = attempt;
  return {
    attemptId: attempt.id,
    gatewayId: attempt.gatewayId,
    edgeId,
    remoteAddress: attempt.remoteAddress,
    startedAt: new Date(attempt.startedAtMs).toISOString(),
    milliseconds: attempt.milliseconds,
    outcome: verdict.outcome,
    code: verdict.problem.code,
    reason: verdict.problem.reason,
    message: verdict.problem.message.slice(0, MAX_TEXT),
    connackCode: verdict.connackCode,
    tls: attempt.tls ?? null,
    certificate: attempt.clientCertificate ?? null,
    clientId: text(connect?.clientId),
    username: text(connect?.username),
    protocolVersion: connect?.protocolVersion ?? null,
    productKey: null,
    deviceName: null,
    session: null,
    steps: attempt.steps,
    notRecorded,
    closed: null,
  };
}

export interface AdmittedRecord {
  readonly admitted: AdmittedAttempt;
  readonly session: AttemptSession;
  readonly gatewayId: string;
  readonly remoteAddress: string;
  readonly edgeId: string;
}

/** @param closed with the steps left out: the record of the CONNACK has them */
export function admittedAttempt(
  { admitted, session, gatewayId, remoteAddress, edgeId }: AdmittedRecord,
  { steps, notRecorded, closed }: Pick<ConnectionAttempt, 'steps' | 'notRecorded' | 'closed'>,
): ConnectionAttempt {
  return {
    attemptId: admitted.id,
    gatewayId,
    edgeId,
    remoteAddress,
    startedAt: new Date(admitted.startedAtMs).toISOString(),
    milliseconds: admitted.milliseconds,
    outcome: 'admitted',
    code: null,
    reason: null,
    message: null,
    connackCode: admitted.connackCode,
    tls: admitted.tls ?? null,
    certificate: admitted.certificate ?? null,
    clientId: text(session.clientId),
    username: text(admitted.username),
    protocolVersion: session.protocolVersion,
    productKey: session.productKey,
    deviceName: session.deviceName,
    session: session.number,
    steps,
    notRecorded,
    closed,
  };
}

import { ReasonCode } from '@gatehouse/mqtt';
import { ClientGone, DeviceRefused } from '../admission/admission.failures.ts';
import type { ReasonedFailure } from '../connection/close-reason.ts';
import type { ConnectOutcome } from './edge-metrics.ts';

const OUTCOMES: ReadonlyMap<ReasonCode, ConnectOutcome> = new Map([
  [ReasonCode.BadUserNameOrPassword, 'refused-credentials'],
  [ReasonCode.NotAuthorized, 'refused-credentials'],
  [ReasonCode.Banned, 'refused-banned-address'],
  [ReasonCode.ConnectionRateExceeded, 'refused-rate'],
  [ReasonCode.ServerUnavailable, 'refused-unavailable'],
  [ReasonCode.ServerBusy, 'refused-busy'],
]);

/** The label that a refused CONNECT is counted under. */
export function connectOutcome(failure: ReasonedFailure): ConnectOutcome {
  if (failure instanceof ClientGone) return 'client-gone';
  if (failure instanceof DeviceRefused && failure.reason === 'device-disabled') {
    return 'refused-device-disabled';
  }
  return OUTCOMES.get(failure.reasonCode) ?? 'refused-other';
}

/** Why a CONNECT was refused, more closely: one of few words. */
export function refusalReason(failure: ReasonedFailure): string {
  return failure instanceof DeviceRefused ? failure.reason : failure.code;
}

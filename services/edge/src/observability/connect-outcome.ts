import { ReasonCode } from '@gatehouse/mqtt';
import { ClientGone } from '../admission/admission.failures.ts';
import type { ReasonedFailure } from '../connection/close-reason.ts';
import type { ConnectOutcome } from './edge-metrics.ts';

const OUTCOMES: ReadonlyMap<ReasonCode, ConnectOutcome> = new Map([
  [ReasonCode.BadUserNameOrPassword, 'refused-credentials'],
  [ReasonCode.NotAuthorized, 'refused-credentials'],
  [ReasonCode.Banned, 'refused-device-disabled'],
  [ReasonCode.ServerUnavailable, 'refused-unavailable'],
  [ReasonCode.ServerBusy, 'refused-busy'],
]);

/** The label that a refused CONNECT is counted under. */
export function connectOutcome(failure: ReasonedFailure): ConnectOutcome {
  if (failure instanceof ClientGone) return 'client-gone';
  return OUTCOMES.get(failure.reasonCode) ?? 'refused-other';
}

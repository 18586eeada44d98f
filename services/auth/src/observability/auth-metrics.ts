import type { AdmissionRefusal } from '@gatehouse/contracts';
import { CountedByLabel, gaugesBy, secondsHistogram } from '@gatehouse/observability';
import { BREAKER_STATE_VALUES, type BreakerState } from '@gatehouse/outbound';
import type { AuthenticatorAnswer, AuthenticatorFailureReason } from '../authenticators/authenticator.ts';
import type { LookupSource } from '../registry/asked-once.ts';

export type PasswordCheckKind = 'hashed' | 'remembered' | 'overloaded';
export type VerdictSource = 'authenticator' | 'shared' | 'cache' | 'refusal-cache';
export type AuthenticatorCallOutcome =
  | Exclude<AuthenticatorAnswer['outcome'], 'failed'>
  | AuthenticatorFailureReason
  | 'breaker-open'
  | 'address-breaker-open'
  | 'queue-full'
  | 'waited-too-long';

/** How one authenticator is doing. */
export interface AuthenticatorLoad {
  readonly callsUnderWay: number;
  readonly callsWaiting: number;
  readonly breakerState: BreakerState;
}

/** What auth counts; services/auth/README.md explains each. */
export class AuthMetrics {
  readonly admissions = new CountedByLabel<'admitted' | AdmissionRefusal>(
    'gatehouse.auth.admissions',
    'CONNECTs judged, by outcome',
    'outcome',
  );
  readonly gatewayLookups = new CountedByLabel<LookupSource>(
    'gatehouse.auth.gateway_lookups',
    'gateways looked up, by where the answer came from',
    'source',
  );
  readonly credentialLookups = new CountedByLabel<LookupSource>(
    'gatehouse.auth.credential_lookups',
    'credentials looked up, by where the answer came from',
    'source',
  );
  readonly deviceLookups = new CountedByLabel<LookupSource>(
    'gatehouse.auth.device_lookups',
    'devices that authenticators named looked up or made, by where the answer came from',
    'source',
  );
  readonly passwordChecks = new CountedByLabel<PasswordCheckKind>(
    'gatehouse.auth.password_checks',
    'passwords compared: by running scrypt, or by the proof remembered from the last time',
    'kind',
  );
  readonly verdicts = new CountedByLabel<VerdictSource>(
    'gatehouse.auth.verdicts',
    'verdicts of authenticators, by where they came from',
    'source',
  );
  readonly authenticatorCalls = new CountedByLabel<AuthenticatorCallOutcome>(
    'gatehouse.auth.authenticator_calls',
    'calls to authenticators by outcome, those included that were not made',
    'outcome',
  );
  readonly breakerChanges = new CountedByLabel<BreakerState>(
    'gatehouse.auth.breaker_changes',
    'changes of the breakers of authenticators, by the state that they changed to',
    'state',
  );
  readonly addressBreakerChanges = new CountedByLabel<BreakerState>(
    'gatehouse.auth.address_breaker_changes',
    "changes of the breakers of single addresses' calls, by the state that they changed to",
    'state',
  );
  readonly hashSeconds = secondsHistogram(
    'gatehouse.auth.password_hash_seconds',
    'time of one scrypt run, without the wait for its turn',
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  );
  readonly authenticatorSeconds = secondsHistogram(
    'gatehouse.auth.authenticator_call_seconds',
    'time of one call to an authenticator, without the wait for its turn',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  );

  /** @param list read when metrics are collected */
  observeAuthenticators(list: () => Iterable<readonly [gatewayId: string, load: AuthenticatorLoad]>): void {
    const gauge = gaugesBy('gateway', list);
    gauge(
      'gatehouse.auth.authenticator_calls_under_way',
      'calls to the authenticator of a gateway under way',
      ({ callsUnderWay }) => callsUnderWay,
    );
    gauge(
      'gatehouse.auth.authenticator_calls_waiting',
      'CONNECTs that wait for a call to the authenticator of a gateway',
      ({ callsWaiting }) => callsWaiting,
    );
    gauge(
      'gatehouse.auth.authenticator_breaker',
      'state of the breaker of the authenticator of a gateway: 0 closed, 1 half-open, 2 open',
      ({ breakerState }) => BREAKER_STATE_VALUES[breakerState],
    );
  }
}

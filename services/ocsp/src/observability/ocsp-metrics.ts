import type { CertificateStaple, CertificateStatus } from '@gatehouse/contracts';
import { CountedByLabel, gaugesBy, observedGauge, secondsHistogram } from '@gatehouse/observability';
import { BREAKER_STATE_VALUES, type BreakerState } from '@gatehouse/outbound';
import type { ThreadOutcome } from '@gatehouse/threads';

/** Where a verdict on one certificate came from. */
export type VerdictSource = 'cache' | 'shared' | 'ocsp' | 'crl' | 'none';
export type CallOutcome =
  | 'good'
  | 'revoked'
  | 'unknown'
  | 'unavailable'
  | 'timeout'
  | 'forbidden'
  | 'unusable'
  | 'breaker-open'
  | 'queue-full'
  | 'waited-too-long';
export type ListOutcome = 'loaded' | 'cached' | 'unavailable' | 'unusable';
export type StapleOrigin = 'memory' | 'bucket' | 'responder' | 'none';

/** How one responder or CRL host is doing. */
export interface HostLoad {
  readonly callsUnderWay: number;
  readonly callsWaiting: number;
  readonly breakerState: BreakerState;
}

/** What ocsp counts; services/ocsp/README.md explains each. */
export class OcspMetrics {
  readonly verdicts = new CountedByLabel<CertificateStatus['status']>(
    'gatehouse.ocsp.verdicts',
    'verdicts on client certificates handed out, by status',
    'status',
  );
  readonly verdictSources = new CountedByLabel<VerdictSource>(
    'gatehouse.ocsp.verdict_sources',
    'certificates judged, by where the verdict came from',
    'source',
  );
  readonly responderCalls = new CountedByLabel<CallOutcome>(
    'gatehouse.ocsp.responder_calls',
    'questions to OCSP responders by outcome, those included that were not sent',
    'outcome',
  );
  readonly revocationLists = new CountedByLabel<ListOutcome>(
    'gatehouse.ocsp.revocation_lists',
    'CRLs looked into, by outcome',
    'outcome',
  );
  readonly staples = new CountedByLabel<CertificateStaple['outcome']>(
    'gatehouse.ocsp.staples',
    'answers to edges that asked for a staple',
    'outcome',
  );
  readonly stapleOrigins = new CountedByLabel<StapleOrigin>(
    'gatehouse.ocsp.staple_origins',
    'answers to edges that asked for a staple, by where it came from',
    'origin',
  );
  readonly stapleRefreshes = new CountedByLabel<'fetched' | 'adopted' | 'failed'>(
    'gatehouse.ocsp.staple_refreshes',
    'staples renewed: fetched from the responder, adopted from another instance, or not',
    'outcome',
  );
  readonly breakerChanges = new CountedByLabel<BreakerState>(
    'gatehouse.ocsp.breaker_changes',
    'changes of the breakers of responders and CRL hosts, by the state that they changed to',
    'state',
  );
  readonly verifications = new CountedByLabel<ThreadOutcome<unknown>['outcome']>(
    'gatehouse.ocsp.verifications',
    'answers of responders that were given to threads to read and verify, by what became of that',
    'outcome',
  );
  readonly callSeconds = secondsHistogram(
    'gatehouse.ocsp.responder_call_seconds',
    'time of one question to an OCSP responder, without the wait for its turn',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
  );
  readonly listSeconds = secondsHistogram(
    'gatehouse.ocsp.revocation_list_load_seconds',
    'time to fetch, read and verify one CRL',
    [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  );

  /** @param list read when metrics are collected */
  observeHosts(list: () => Iterable<readonly [host: string, load: HostLoad]>): void {
    const gauge = gaugesBy('host', list);
    gauge('gatehouse.ocsp.host_calls_under_way', 'calls to a host under way', (load) => load.callsUnderWay);
    gauge('gatehouse.ocsp.host_calls_waiting', 'calls that wait for a host', (load) => load.callsWaiting);
    gauge(
      'gatehouse.ocsp.host_breaker',
      'state of the breaker of a host: 0 closed, 1 half-open, 2 open',
      ({ breakerState }) => BREAKER_STATE_VALUES[breakerState],
    );
  }

  /** @param read when metrics are collected */
  observeVerificationsWaiting(read: () => number): void {
    observedGauge(
      'gatehouse.ocsp.verifications_waiting',
      'answers of responders that wait for a thread',
      read,
    );
  }

  /** @param list seconds since each staple that somebody wants was fetched; read when metrics are collected */
  observeStaples(list: () => Iterable<readonly [gatewayId: string, ageSeconds: number]>): void {
    gaugesBy('gateway', list)(
      'gatehouse.ocsp.staple_age_seconds',
      'time since the staple of a gateway was fetched',
      (ageSeconds) => ageSeconds,
    );
  }
}

import { CountedByLabel } from '@gatehouse/observability';

/** What became of a request; all but the first two are refusals. */
export type ResponderOutcome =
  | 'answered'
  | 'not-modified'
  | 'malformed'
  | 'unknown-authority'
  | 'rate-limited'
  | 'busy'
  | 'registry-unavailable';

/** What the responder of our own authorities counts; services/ocsp/README.md explains each. */
export class ResponderMetrics {
  readonly requests = new CountedByLabel<ResponderOutcome>(
    'gatehouse.ocsp.authority_requests',
    'requests to the responder of own authorities, by outcome',
    'outcome',
  );
}

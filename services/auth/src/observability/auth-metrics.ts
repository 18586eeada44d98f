import type { AdmissionRefusal } from '@gatehouse/contracts';
import { CountedByLabel } from '@gatehouse/observability';
import { metrics } from '@opentelemetry/api';

export type PasswordCheckKind = 'hashed' | 'remembered' | 'overloaded';
export type CredentialSource = 'cache' | 'registry' | 'unavailable';

/** What auth counts; services/auth/README.md explains each. */
export class AuthMetrics {
  readonly admissions = new CountedByLabel<'admitted' | AdmissionRefusal>(
    'gatehouse.auth.admissions',
    'CONNECTs judged, by outcome',
    'outcome',
  );
  readonly credentialLookups = new CountedByLabel<CredentialSource>(
    'gatehouse.auth.credential_lookups',
    'credentials looked up, by where the answer came from',
    'source',
  );
  readonly passwordChecks = new CountedByLabel<PasswordCheckKind>(
    'gatehouse.auth.password_checks',
    'passwords compared: by running scrypt, or by the proof remembered from the last time',
    'kind',
  );
  readonly hashSeconds = metrics.getMeter('gatehouse').createHistogram('gatehouse.auth.password_hash', {
    description: 'time of one scrypt run, without the wait for its turn',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1] },
  });
}

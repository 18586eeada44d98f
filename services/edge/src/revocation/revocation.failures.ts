import { ReasonCode } from '@gatehouse/mqtt';
import { ConnectionFailure } from '../connection/connection.failures.ts';

/** Found out while the device was connected. */
export class CertificateRevoked extends ConnectionFailure {
  readonly code = 'EDGE_CERTIFICATE_REVOKED';
  readonly kind = 'unauthenticated';
  readonly reasonCode = ReasonCode.NotAuthorized;

  /** @param detail which certificate, when and why */
  constructor(readonly detail: string) {
    super('the client certificate, or one above it, was revoked; the device needs a new one');
  }
}

/** Nobody can say any more whether the certificate of a connected device was revoked, and the gateway insists. */
export class CertificateStatusUnknown extends ConnectionFailure {
  readonly code = 'EDGE_CERTIFICATE_STATUS_UNKNOWN';
  readonly kind = 'unavailable';
  readonly reasonCode = ReasonCode.NotAuthorized;

  constructor(readonly detail: string) {
    super('nobody can say any more whether the client certificate was revoked; connect again later');
  }
}

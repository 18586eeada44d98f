import { Failure, type FieldError } from '@gatehouse/failure';

/** A field of a gateway that holds certificates or a key. */
export type CertificateField =
  | 'certificates.serverCertificate'
  | 'certificates.serverPrivateKey'
  | 'certificates.deviceRootCertificate'
  | 'certificates.trustedCertificate'
  | 'authentication.caCertificate';

/** What is wrong with a certificate of a gateway, or with its private key. */
abstract class CertificateFailure extends Failure {
  readonly kind = 'invalid';
  override readonly errors: readonly FieldError[];

  constructor(field: CertificateField, message: string) {
    super(`${field} ${message}`);
    this.errors = [{ path: field, message }];
  }
}

export class CertificateNotPem extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_NOT_PEM';

  constructor(field: CertificateField) {
    const first = field === 'certificates.serverCertificate' ? ', the end-entity certificate first' : '';
    super(field, `must be PEM: -----BEGIN CERTIFICATE----- …${first}`);
  }
}

export class CertificateChainOutOfOrder extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_CHAIN_OUT_OF_ORDER';

  constructor(field: CertificateField, subject: string, next: string) {
    super(
      field,
      `must go upwards, each certificate before the one that issued it: "${subject}" was not issued by "${next}", which follows it`,
    );
  }
}

export class CertificateExpired extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_EXPIRED';

  constructor(field: CertificateField, subject: string, notAfter: string) {
    super(field, `has expired: "${subject}" was valid until ${notAfter}`);
  }
}

export class CertificateNotYetValid extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_NOT_YET_VALID';

  constructor(field: CertificateField, subject: string, notBefore: string) {
    super(field, `is not valid yet: "${subject}" is valid from ${notBefore}`);
  }
}

export class CertificateNotAuthority extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_NOT_AUTHORITY';

  constructor(field: CertificateField, subject: string) {
    super(
      field,
      `may hold certificates of authorities only: "${subject}" may not issue others (RFC 5280 §4.2.1.9)`,
    );
  }
}

export class CertificateRootMissing extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_ROOT_MISSING';

  constructor(field: CertificateField, subject: string, issuer: string) {
    super(field, `must end with the root: "${subject}", the last one, was issued by "${issuer}"`);
  }
}

export class PrivateKeyNotPem extends CertificateFailure {
  readonly code = 'REGISTRY_PRIVATE_KEY_NOT_PEM';

  constructor() {
    super('certificates.serverPrivateKey', 'must be one private key in PEM: -----BEGIN PRIVATE KEY----- …');
  }
}

export class PrivateKeyEncrypted extends CertificateFailure {
  readonly code = 'REGISTRY_PRIVATE_KEY_ENCRYPTED';

  constructor() {
    super(
      'certificates.serverPrivateKey',
      'is encrypted; take the passphrase off first (openssl pkey -in key.pem -out plain.pem)',
    );
  }
}

export class PrivateKeyMismatch extends CertificateFailure {
  readonly code = 'REGISTRY_PRIVATE_KEY_MISMATCH';

  constructor(subject: string) {
    super('certificates.serverPrivateKey', `does not belong to the first certificate, "${subject}"`);
  }
}

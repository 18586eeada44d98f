import { Failure, type FieldError } from '@gatehouse/failure';

/** What is wrong with a gateway's server certificate or its private key. */
abstract class ServerCertificateFailure extends Failure {
  readonly kind = 'invalid';
  override readonly errors: readonly FieldError[];

  constructor(field: 'serverCertificate' | 'serverPrivateKey', message: string) {
    super(`certificates.${field} ${message}`);
    this.errors = [{ path: `certificates.${field}`, message }];
  }
}

export class CertificateNotPem extends ServerCertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_NOT_PEM';

  constructor() {
    super(
      'serverCertificate',
      'must be PEM: -----BEGIN CERTIFICATE----- … , the end-entity certificate first',
    );
  }
}

export class CertificateChainOutOfOrder extends ServerCertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_CHAIN_OUT_OF_ORDER';

  constructor(subject: string, next: string) {
    super(
      'serverCertificate',
      `must go from the end-entity certificate upwards: "${subject}" was not issued by "${next}", which follows it`,
    );
  }
}

export class CertificateExpired extends ServerCertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_EXPIRED';

  constructor(subject: string, notAfter: string) {
    super('serverCertificate', `has expired: "${subject}" was valid until ${notAfter}`);
  }
}

export class CertificateNotYetValid extends ServerCertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_NOT_YET_VALID';

  constructor(subject: string, notBefore: string) {
    super('serverCertificate', `is not valid yet: "${subject}" is valid from ${notBefore}`);
  }
}

export class PrivateKeyNotPem extends ServerCertificateFailure {
  readonly code = 'REGISTRY_PRIVATE_KEY_NOT_PEM';

  constructor() {
    super('serverPrivateKey', 'must be one private key in PEM: -----BEGIN PRIVATE KEY----- …');
  }
}

export class PrivateKeyEncrypted extends ServerCertificateFailure {
  readonly code = 'REGISTRY_PRIVATE_KEY_ENCRYPTED';

  constructor() {
    super(
      'serverPrivateKey',
      'is encrypted; take the passphrase off first (openssl pkey -in key.pem -out plain.pem)',
    );
  }
}

export class PrivateKeyMismatch extends ServerCertificateFailure {
  readonly code = 'REGISTRY_PRIVATE_KEY_MISMATCH';

  constructor(subject: string) {
    super('serverPrivateKey', `does not belong to the first certificate, "${subject}"`);
  }
}

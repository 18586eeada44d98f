import { Failure } from '@gatehouse/failure';

export class IssuedCertificateNotFound extends Failure {
  readonly code = 'REGISTRY_ISSUED_CERTIFICATE_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(
    readonly authorityId: string,
    readonly serialNumber: string,
  ) {
    super(
      `${authorityId} has issued no certificate with the serial number ${serialNumber}; ` +
        'GET /api/v1/authorities/{authorityId}/certificates lists them',
    );
  }
}

export class CertificateRequestInvalid extends Failure {
  readonly code = 'REGISTRY_CSR_MALFORMED';
  readonly kind = 'invalid';
}

/** Whoever asks does not have the private key. */
export class CertificateRequestUnproven extends Failure {
  readonly code = 'REGISTRY_CSR_SIGNATURE_INVALID';
  readonly kind = 'invalid';

  constructor() {
    super(
      'the request is not signed by the key that it asks for; make it again with openssl req -new -key …',
    );
  }
}

export class CertificateRequestWeak extends Failure {
  readonly code = 'REGISTRY_CSR_WEAK';
  readonly kind = 'invalid';

  constructor(readonly reason: string) {
    super(
      `${reason}; use RSA of 2048 bits or more, ECDSA (P-256, P-384, P-521) or Ed25519, with SHA-256 or more`,
    );
  }
}

export class CertificateRequestNameInvalid extends Failure {
  readonly code = 'REGISTRY_CSR_NAME_INVALID';
  readonly kind = 'invalid';

  constructor(readonly reason: string) {
    super(reason);
  }
}

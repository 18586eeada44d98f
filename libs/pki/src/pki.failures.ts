import { Failure } from '@gatehouse/failure';

/** Bytes from outside that are not what they should be; `cause` is what the decoder said. */
abstract class Malformed extends Failure {
  readonly kind = 'invalid';

  constructor(
    message: string,
    override readonly cause?: unknown,
  ) {
    super(message);
  }
}

export class CertificateMalformed extends Malformed {
  readonly code = 'PKI_CERTIFICATE_MALFORMED';
}

export class CertificateRequestMalformed extends Malformed {
  readonly code = 'PKI_CERTIFICATE_REQUEST_MALFORMED';
}

export class OcspRequestMalformed extends Malformed {
  readonly code = 'PKI_OCSP_REQUEST_MALFORMED';
}

export class OcspResponseMalformed extends Malformed {
  readonly code = 'PKI_OCSP_RESPONSE_MALFORMED';
}

export class RevocationListMalformed extends Malformed {
  readonly code = 'PKI_REVOCATION_LIST_MALFORMED';
}

/** A key that this library does not sign with. */
export class SigningKeyUnsupported extends Failure {
  readonly code = 'PKI_SIGNING_KEY_UNSUPPORTED';
  readonly kind = 'invalid';

  constructor(readonly keyType: string) {
    super(`keys of type ${keyType} do not sign here; use RSA, ECDSA (P-256, P-384, P-521) or Ed25519`);
  }
}

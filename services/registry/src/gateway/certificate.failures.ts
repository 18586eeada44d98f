import { Failure, type FieldError } from '@gatehouse/failure';

/** A field of a gateway that holds certificates or a key. */
export type CertificateField =
  | 'certificates.serverCertificate'
  | 'certificates.alternativeServerCertificate'
  | PrivateKeyField
  | 'certificates.deviceRootCertificate'
  | 'certificates.trustedCertificate'
  | 'authentication.caCertificate'
  /** Of a device root that comes alone. */
  | 'certificate';

export type PrivateKeyField = 'certificates.serverPrivateKey' | 'certificates.alternativeServerPrivateKey';

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
    const first = field.endsWith('erverCertificate') ? ', the end-entity certificate first' : '';
    super(field, `must be PEM: -----BEGIN CERTIFICATE----- …${first}`);
  }
}

export class CertificateMalformed extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_MALFORMED';

  constructor(field: CertificateField, number: number, reason: string) {
    super(
      field,
      `cannot be read: what its certificate ${number} holds breaks the rules of X.509 (${reason}); have it issued again`,
    );
  }
}

export class CertificatesExceeded extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATES_EXCEEDED';

  constructor(field: CertificateField, count: number, most: number) {
    super(
      field,
      `may hold ${most} certificates, and holds ${count}: leave out those that do not belong to the chain`,
    );
  }
}

export class CertificateChainOutOfOrder extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_CHAIN_OUT_OF_ORDER';

  /** @param order names of the certificates as they should stand */
  constructor(field: CertificateField, order: readonly string[]) {
    const right = order.map((name) => `"${name}"`).join(', ');
    super(
      field,
      `must go upwards, each certificate before the one that issued it; the right order is ${right}: certificates:check answers with the PEM in it`,
    );
  }
}

export class CertificateIntermediateMissing extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_INTERMEDIATE_MISSING';

  constructor(field: CertificateField, subject: string, issuer: string) {
    super(
      field,
      `has a gap: "${subject}" was issued by "${issuer}", which is not there although certificates above it are; add it`,
    );
  }
}

export class CertificateUnrelated extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_UNRELATED';

  constructor(field: CertificateField, subject: string) {
    super(field, `holds a certificate that issued none of the others: "${subject}"; leave it out`);
  }
}

/** The names fit, and the key does not. */
export class CertificateSignatureInvalid extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_SIGNATURE_INVALID';

  constructor(field: CertificateField, subject: string, issuer: string) {
    super(
      field,
      `is no chain: "${subject}" names "${issuer}" as its issuer, but is not signed with its key; perhaps the issuer was renewed with another key: send the one that signed it`,
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
      `has "${subject}" where only an authority can stand: it may not issue others (CA bit, RFC 5280 §4.2.1.9)`,
    );
  }
}

export class CertificateRootMissing extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_ROOT_MISSING';

  constructor(field: CertificateField, subject: string, issuer: string) {
    super(field, `must end with the root: "${subject}", the last one, was issued by "${issuer}"`);
  }
}

export class CertificateLeafIsAuthority extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_LEAF_IS_AUTHORITY';

  constructor(field: CertificateField, subject: string) {
    super(
      field,
      `begins with an authority: "${subject}" issues certificates and is none of a server; put the certificate of the server first`,
    );
  }
}

export class CertificateKeyWeak extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_KEY_WEAK';

  constructor(field: CertificateField, subject: string, key: string) {
    super(
      field,
      `has a key that is too weak: that of "${subject}" is ${key}; use RSA with 2048 bits or more, or ECDSA P-256`,
    );
  }
}

export class CertificateKeyUnsupported extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_KEY_UNSUPPORTED';

  constructor(field: CertificateField, subject: string, key: string) {
    super(
      field,
      `has a key that TLS is not spoken with here: that of "${subject}" is ${key}; use RSA (2048 to 8192 bits), ECDSA P-256, P-384 or P-521, or Ed25519`,
    );
  }
}

export class CertificateSm2Unsupported extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_SM2_UNSUPPORTED';

  constructor(field: CertificateField, subject: string) {
    super(field, `has an SM2 certificate, "${subject}", which this version does not serve; use RSA or ECDSA`);
  }
}

export class CertificateSignatureWeak extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_SIGNATURE_WEAK';

  constructor(field: CertificateField, subject: string, algorithm: string) {
    super(
      field,
      `has a signature that can be forged: "${subject}" is signed with ${algorithm}; have it issued with SHA-256`,
    );
  }
}

export class CertificateServerAuthMissing extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_SERVER_AUTH_MISSING';

  constructor(field: CertificateField, subject: string) {
    super(
      field,
      `is not for servers: the extended key usage of "${subject}" lacks serverAuth (RFC 5280 §4.2.1.12); have it issued with it`,
    );
  }
}

export class CertificateClientAuthMissing extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_CLIENT_AUTH_MISSING';

  constructor(field: CertificateField, subject: string) {
    super(
      field,
      `is not for devices: the extended key usage of "${subject}" lacks clientAuth (RFC 5280 §4.2.1.12), so no device below it would be let in`,
    );
  }
}

export class CertificateDigitalSignatureMissing extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_DIGITAL_SIGNATURE_MISSING';

  constructor(field: CertificateField, subject: string) {
    super(
      field,
      `cannot sign a handshake: the key usage of "${subject}" lacks digitalSignature (RFC 8446 §4.4.2.2); have it issued with it`,
    );
  }
}

export class CertificateKeyCertSignMissing extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_KEY_CERT_SIGN_MISSING';

  constructor(field: CertificateField, subject: string) {
    super(
      field,
      `has an authority that may not sign certificates: the key usage of "${subject}" lacks keyCertSign (RFC 5280 §4.2.1.3)`,
    );
  }
}

export class CertificatePathLengthExceeded extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_PATH_LENGTH_EXCEEDED';

  constructor(
    field: CertificateField,
    subject: string,
    { allowed, found }: { readonly allowed: number; readonly found: number },
  ) {
    super(
      field,
      `is longer than "${subject}" allows: ${allowed} intermediates may stand below it, and ${found} do (RFC 5280 §4.2.1.9)`,
    );
  }
}

type NameRule = 'permitted' | 'excluded';

export class CertificateNameNotAllowed extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_NAME_NOT_ALLOWED';

  constructor(
    field: CertificateField,
    subject: string,
    { authority, name, rule }: { readonly authority: string; readonly name: string; readonly rule: NameRule },
  ) {
    const verb = rule === 'permitted' ? 'does not permit' : 'excludes';
    super(
      field,
      `has a name that clients would refuse: "${authority}" ${verb} ${name} of "${subject}" (name constraints, RFC 5280 §4.2.1.10); have it issued by another authority, or without that name`,
    );
  }
}

export class CertificateCriticalExtensionUnknown extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_CRITICAL_EXTENSION_UNKNOWN';

  constructor(field: CertificateField, subject: string, extension: string) {
    super(
      field,
      `has a critical extension that clients do not know, ${extension} of "${subject}": they would refuse it (RFC 5280 §4.2)`,
    );
  }
}

/** A second chain is for clients that cannot verify the first one's key. */
export class CertificateKeyTypeSame extends CertificateFailure {
  readonly code = 'REGISTRY_CERTIFICATE_KEY_TYPE_SAME';

  constructor(type: string) {
    super(
      'certificates.alternativeServerCertificate',
      `must have a key of another type than serverCertificate: both are ${type}; leave it out, or send RSA beside ECDSA`,
    );
  }
}

export class PrivateKeyNotPem extends CertificateFailure {
  readonly code = 'REGISTRY_PRIVATE_KEY_NOT_PEM';

  constructor(field: PrivateKeyField) {
    super(field, 'must be one private key in PEM: -----BEGIN PRIVATE KEY----- …');
  }
}

export class PrivateKeyEncrypted extends CertificateFailure {
  readonly code = 'REGISTRY_PRIVATE_KEY_ENCRYPTED';

  constructor(field: PrivateKeyField) {
    super(field, 'is encrypted; take the passphrase off first (openssl pkey -in key.pem -out plain.pem)');
  }
}

export class PrivateKeyMismatch extends CertificateFailure {
  readonly code = 'REGISTRY_PRIVATE_KEY_MISMATCH';

  /** @param owner the certificate of the chain that the key does belong to, if one of them */
  constructor(field: PrivateKeyField, subject: string, owner: string | undefined) {
    const hint =
      owner === undefined
        ? 'send the key that its certificate request was made with'
        : `it is that of "${owner}"`;
    super(field, `does not belong to the first certificate, "${subject}": ${hint}`);
  }
}

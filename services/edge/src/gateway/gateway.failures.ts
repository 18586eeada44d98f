import { Failure } from '@gatehouse/failure';

export class CertificateUnusable extends Failure {
  readonly code = 'EDGE_GATEWAY_CERTIFICATE_UNUSABLE';
  readonly kind = 'invalid';

  constructor(
    readonly gatewayId: string,
    problem: string,
  ) {
    super(`the server certificate of gateway ${gatewayId} cannot be used: ${problem}`);
  }
}

/** A handshake that came to nothing; only in records of attempts. `reason` is one of few words. */
export class TlsHandshakeFailed extends Failure {
  readonly code = 'EDGE_TLS_HANDSHAKE_FAILED';
  readonly kind = 'invalid';

  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** The gateway requires a certificate that chains to its device root; only in records of attempts. */
export class ClientCertificateRefused extends Failure {
  readonly code = 'EDGE_CLIENT_CERTIFICATE_REFUSED';
  readonly kind = 'unauthenticated';

  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

export class PortUnavailable extends Failure {
  readonly code = 'EDGE_GATEWAY_PORT_UNAVAILABLE';
  readonly kind = 'conflict';

  constructor(
    readonly gatewayId: string,
    readonly port: number,
    problem: string,
  ) {
    super(`port ${port} of gateway ${gatewayId} cannot be opened: ${problem}`);
  }
}

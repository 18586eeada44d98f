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

import { Failure, type FieldError } from '@gatehouse/failure';

export class GatewayNotFound extends Failure {
  readonly code = 'REGISTRY_GATEWAY_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(readonly gatewayId: string) {
    super(`there is no gateway ${gatewayId}`);
  }
}

export class GatewayNameTaken extends Failure {
  readonly code = 'REGISTRY_GATEWAY_NAME_TAKEN';
  readonly kind = 'conflict';
  override readonly errors: readonly FieldError[] = [
    { path: 'name', message: 'is taken by another gateway' },
  ];

  constructor(readonly gatewayName: string) {
    super(`another gateway is named ${gatewayName}; choose another name`);
  }
}

export class GatewayPortTaken extends Failure {
  readonly code = 'REGISTRY_GATEWAY_PORT_TAKEN';
  readonly kind = 'conflict';
  override readonly errors: readonly FieldError[] = [
    { path: 'port', message: 'is taken by another gateway' },
  ];

  constructor(
    readonly port: number,
    readonly hostname: string | null,
  ) {
    super(
      hostname === null
        ? `another gateway without a host name listens on port ${port}; choose another port, or give this one a host name`
        : `another gateway listens on port ${port} for ${hostname}; choose another port or host name`,
    );
  }
}

/** What is asked for is part of the product, but not of this version. */
export class FeatureNotOffered extends Failure {
  readonly code = 'REGISTRY_FEATURE_NOT_OFFERED';
  readonly kind = 'not-offered';

  constructor(override readonly errors: readonly FieldError[]) {
    super(
      `this version does not offer it: ${errors.map(({ path, message }) => `${path} ${message}`).join('; ')}`,
    );
  }
}

export class GatewayHasOnlineDevices extends Failure {
  readonly code = 'REGISTRY_GATEWAY_HAS_ONLINE_DEVICES';
  readonly kind = 'conflict';

  constructor(readonly gatewayId: string) {
    super(`devices are online at gateway ${gatewayId}; disconnect them first, or delete it with force=true`);
  }
}

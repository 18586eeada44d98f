import { Failure } from '@gatehouse/failure';

export class RollbackImpossible extends Failure {
  readonly code = 'REGISTRY_CERTIFICATE_ROLLBACK_IMPOSSIBLE';
  readonly kind = 'conflict';

  constructor(readonly gatewayId: string) {
    super(
      `gateway ${gatewayId} has no server certificate before the one in force: send the one that you want with PATCH`,
    );
  }
}

export class DeviceRootNotFound extends Failure {
  readonly code = 'REGISTRY_DEVICE_ROOT_NOT_FOUND';
  readonly kind = 'not-found';

  constructor(
    readonly gatewayId: string,
    readonly fingerprint: string,
  ) {
    super(`gateway ${gatewayId} has no device root ${fingerprint}`);
  }
}

export class DeviceRootExists extends Failure {
  readonly code = 'REGISTRY_DEVICE_ROOT_EXISTS';
  readonly kind = 'conflict';

  constructor(
    readonly gatewayId: string,
    readonly fingerprint: string,
  ) {
    super(
      `gateway ${gatewayId} has the device root ${fingerprint} already; delete it first to send other intermediates with it`,
    );
  }
}

/** Without any root nobody could connect. */
export class DeviceRootLast extends Failure {
  readonly code = 'REGISTRY_DEVICE_ROOT_LAST';
  readonly kind = 'conflict';

  constructor(readonly fingerprint: string) {
    super(
      `the device root ${fingerprint} is the last one that is switched on, and without it no device could connect; add another one first`,
    );
  }
}

export class DeviceRootsExceeded extends Failure {
  readonly code = 'REGISTRY_DEVICE_ROOTS_EXCEEDED';
  readonly kind = 'conflict';

  constructor(
    readonly gatewayId: string,
    mostRoots: number,
    mostCharacters: number,
  ) {
    super(
      `gateway ${gatewayId} may have ${mostRoots} device roots, of ${mostCharacters} characters of PEM together; delete one that nothing chains to any more`,
    );
  }
}

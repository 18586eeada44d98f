import { Failure } from '@gatehouse/failure';
import type { AddressKind } from './ip-address.ts';

/** No answer came, or none that may be used. Messages name the origin alone: the rest of a URL may be secret. */
export abstract class OutboundFailure extends Failure {
  /** Whether a server had answered before, with a redirect: something was sent then, in any case. */
  isAfterRedirect = false;
}

export class OutboundUrlInvalid extends OutboundFailure {
  readonly code = 'OUTBOUND_URL_INVALID';
  readonly kind = 'invalid';
}

export class OutboundAddressForbidden extends OutboundFailure {
  readonly code = 'OUTBOUND_ADDRESS_FORBIDDEN';
  readonly kind = 'forbidden';

  constructor(
    readonly hostname: string,
    readonly addressKind: AddressKind,
  ) {
    super(
      `${hostname} has no address that may be called: ${REASONS[addressKind]}; use an address that is public, or let the operator put the host or its range into GATEHOUSE_OUTBOUND_ALLOW`,
    );
  }
}

const REASONS: Readonly<Record<AddressKind, string>> = {
  public: 'http is for loopback addresses only',
  unspecified: 'it is unspecified (0.0.0.0, ::)',
  loopback: "it is a loopback address of the platform's own machine",
  'link-local': 'it is link-local',
  private: 'it belongs to a private network',
  metadata: 'it is the metadata service of a cloud',
  multicast: 'it is a multicast address',
  reserved: 'it is reserved for special use',
};

export class OutboundNameUnknown extends OutboundFailure {
  readonly code = 'OUTBOUND_NAME_UNKNOWN';
  readonly kind = 'unavailable';

  constructor(
    readonly hostname: string,
    override readonly cause: unknown,
  ) {
    super(`${hostname} cannot be resolved to an address; is the name right, and does its DNS answer?`);
  }
}

export class OutboundUnreachable extends OutboundFailure {
  readonly code = 'OUTBOUND_UNREACHABLE';
  readonly kind = 'unavailable';

  constructor(
    readonly origin: string,
    readonly reason: string,
    override readonly cause: unknown,
  ) {
    super(`${origin} ${reason}`);
  }
}

export class OutboundTlsFailed extends OutboundFailure {
  readonly code = 'OUTBOUND_TLS_FAILED';
  readonly kind = 'unavailable';

  constructor(
    readonly origin: string,
    readonly reason: string,
    override readonly cause: unknown,
  ) {
    super(`the TLS handshake with ${origin} failed: ${reason}`);
  }
}

export class OutboundCaInvalid extends OutboundFailure {
  readonly code = 'OUTBOUND_CA_INVALID';
  readonly kind = 'invalid';

  constructor(override readonly cause: unknown) {
    super('the CA certificates that come with the URL cannot be read; give certificates in PEM');
  }
}

export class OutboundTimedOut extends OutboundFailure {
  readonly code = 'OUTBOUND_TIMED_OUT';
  readonly kind = 'timeout';

  constructor(
    readonly origin: string,
    readonly timeoutMs: number,
    readonly missing: 'an answer' | 'the rest of its answer',
  ) {
    super(`${origin} did not send ${missing} within ${timeoutMs} ms`);
  }
}

export class OutboundResponseTooLarge extends OutboundFailure {
  readonly code = 'OUTBOUND_RESPONSE_TOO_LARGE';
  readonly kind = 'too-large';

  constructor(
    readonly origin: string,
    limit: string,
  ) {
    super(`the answer of ${origin} is over the limit of ${limit}`);
  }
}

export class OutboundResponseMalformed extends OutboundFailure {
  readonly code = 'OUTBOUND_RESPONSE_MALFORMED';
  readonly kind = 'unavailable';

  constructor(
    readonly origin: string,
    readonly reason: string,
    override readonly cause?: unknown,
  ) {
    super(`the answer of ${origin} cannot be read: ${reason}`);
  }
}

export class OutboundRedirectInvalid extends OutboundFailure {
  readonly code = 'OUTBOUND_REDIRECT_INVALID';
  readonly kind = 'unavailable';

  constructor(
    readonly origin: string,
    readonly reason: string,
  ) {
    super(`${origin} redirects ${reason}; give the URL where it ends`);
  }
}

export class OutboundBusy extends OutboundFailure {
  readonly code = 'OUTBOUND_BUSY';
  readonly kind = 'rate-limited';

  constructor(
    /** Or the host whose name was not looked up. */
    readonly origin: string,
    reason: string,
  ) {
    super(`${reason}; try again in a moment`);
  }
}

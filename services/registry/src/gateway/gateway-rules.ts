import type {
  GatewayAuthentication,
  GatewayCertificatesPatch,
  GatewayView,
  OcspMode,
} from '@gatehouse/contracts';
import type { FieldError } from '@gatehouse/failure';

/** What of a gateway must fit together; a part that is left out is not judged. */
export interface GatewayParts {
  readonly x509?: { readonly enabled: boolean } | undefined;
  readonly ocsp?: OcspMode | undefined;
  /** Whether each is there, and not what it holds. */
  readonly certificates?: Readonly<Record<'deviceRoot' | 'trusted', boolean>> | undefined;
}

/** Which OCSP modes the X.509 switch allows, and which certificates each choice requires or rules out. */
export function brokenRules({ x509, ocsp, certificates }: GatewayParts): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (path: string, message: string): void => void errors.push({ path, message });
  if (x509?.enabled === false && ocsp !== undefined && checksClients(ocsp)) {
    refuse(
      'ocsp',
      `can only be disabled or server while x509.enabled is false: ${ocsp} checks client certificates`,
    );
  }
  if (certificates === undefined) return errors;
  if (x509?.enabled === true && !certificates.deviceRoot) {
    refuse('certificates.deviceRootCertificate', 'is required when x509.enabled is true');
  }
  if (x509?.enabled === false && certificates.deviceRoot) {
    refuse('certificates.deviceRootCertificate', 'makes no sense while x509.enabled is false: leave it out');
  }
  if (ocsp !== undefined && staples(ocsp) && !certificates.trusted) {
    refuse('certificates.trustedCertificate', `is required when ocsp is ${ocsp}`);
  }
  if (ocsp !== undefined && !staples(ocsp) && certificates.trusted) {
    refuse('certificates.trustedCertificate', `makes no sense while ocsp is ${ocsp}: leave it out`);
  }
  return errors;
}

/** Imported credentials are under the user name, so only they can be held to a certificate's name. */
export function brokenCommonNameRule({
  x509,
  authentication,
}: {
  readonly x509: GatewayView['x509'];
  readonly authentication: Pick<GatewayAuthentication, 'type'>;
}): FieldError[] {
  if (!x509.commonNameMustEqualUsername || (x509.enabled && authentication.type === 'one-way')) return [];
  const message = 'can only be true with x509.enabled and authentication.type one-way';
  return [{ path: 'x509.commonNameMustEqualUsername', message }];
}

/** The server proves with its certificate that it is not revoked. */
export function staples(ocsp: OcspMode): boolean {
  return ocsp === 'server' || ocsp === 'client-and-server';
}

export function checksClients(ocsp: OcspMode): boolean {
  return ocsp === 'client' || ocsp === 'client-and-server';
}

export function presenceOf({
  deviceRootCertificate,
  trustedCertificate,
}: Pick<GatewayCertificatesPatch, 'deviceRootCertificate' | 'trustedCertificate'>): {
  deviceRoot: boolean;
  trusted: boolean;
} {
  return { deviceRoot: deviceRootCertificate !== undefined, trusted: trustedCertificate !== undefined };
}

import type {
  AdmissionRefusal,
  AdmissionStep,
  admitDevice,
  GatewayAdmission,
  ReplyOf,
  RequestOf,
  TopicPermission,
} from '@gatehouse/contracts';

/** What a credential check found out about a CONNECT. */
export type CredentialVerdict =
  | {
      readonly outcome: 'verified';
      readonly productKey: string;
      readonly deviceName: string;
      readonly isDisabled: boolean;
      readonly credentialVersion: number | undefined;
      /** Until when the verdict may be relied on; null: no limit. */
      readonly expiresAt: Date | null;
      readonly permissions: TopicPermission[];
    }
  | { readonly outcome: 'rejected'; readonly reason: Exclude<AdmissionRefusal, 'device-disabled'> };

type Request = RequestOf<typeof admitDevice>;

/**
 * Admitted or refused. That a device is disabled is said only to who proved to be that device: a stranger
 * would learn from it that the name exists.
 */
export function admissionOf(verdict: CredentialVerdict, steps: AdmissionStep[]): ReplyOf<typeof admitDevice> {
  if (verdict.outcome === 'rejected') return { outcome: 'refused', reason: verdict.reason, steps };
  const { productKey, deviceName, isDisabled, credentialVersion, expiresAt, permissions } = verdict;
  if (isDisabled) return { outcome: 'refused', reason: 'device-disabled', steps };
  return {
    outcome: 'admitted',
    productKey,
    deviceName,
    ...(credentialVersion !== undefined && { credentialVersion }),
    expiresAt: expiresAt?.toISOString() ?? null,
    permissions,
    steps,
  };
}

/** The certificate that may say who the client is: none at a gateway that verifies none. */
export function certificateOf(
  request: Request,
  { x509 }: Pick<GatewayAdmission, 'x509'>,
): Request['clientCertificate'] {
  return x509.enabled ? request.clientCertificate : undefined;
}

/** What a gateway's switches for X.509 have against a CONNECT; undefined: nothing. */
export function certificateProblem(
  request: Request,
  { x509 }: Pick<GatewayAdmission, 'x509'>,
): 'malformed-credentials' | 'common-name-mismatch' | undefined {
  if (!x509.enabled) return undefined;
  // The edge lets nobody through TLS without one, so its absence is no mismatch of names.
  if (request.clientCertificate === undefined) return 'malformed-credentials';
  const isMismatch = request.clientCertificate.commonName !== request.username;
  return x509.commonNameMustEqualUsername && isMismatch ? 'common-name-mismatch' : undefined;
}

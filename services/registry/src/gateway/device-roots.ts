import type { CertificateChain, GatewayEvent } from './gateway.events.ts';

/** A root that client certificates may chain to, with its intermediates. */
export interface DeviceRoot {
  /** Of the root itself: SHA-256 of the DER, hexadecimal. */
  readonly fingerprint: string;
  readonly enabled: boolean;
  readonly certificate: CertificateChain;
}

export function deviceRootOf(certificate: CertificateChain, enabled = true): DeviceRoot {
  return { fingerprint: rootFingerprint(certificate), enabled, certificate };
}

/** Of the last certificate of a chain. */
export function rootFingerprint({ chain }: CertificateChain): string {
  return chain.at(-1)?.fingerprint ?? '';
}

/** What device roots become by one event; the same array when it is about something else. */
export function evolveDeviceRoots(roots: readonly DeviceRoot[], event: GatewayEvent): readonly DeviceRoot[] {
  switch (event.type) {
    case 'GatewayCreated': {
      const { deviceRootCertificate } = event.data;
      return deviceRootCertificate === null ? [] : [deviceRootOf(deviceRootCertificate)];
    }
    case 'DeviceRootReplaced':
      return [deviceRootOf(event.data.deviceRootCertificate)];
    case 'DeviceRootAdded':
      return [...roots, deviceRootOf(event.data.deviceRootCertificate, event.data.enabled)];
    case 'DeviceRootSwitched': {
      const { fingerprint, enabled } = event.data;
      return roots.map((root) => (root.fingerprint === fingerprint ? { ...root, enabled } : root));
    }
    case 'DeviceRootRemoved': {
      const { fingerprint } = event.data;
      return roots.filter((root) => root.fingerprint !== fingerprint);
    }
    case 'GatewayRenamed':
    case 'ServerCertificateReplaced':
    case 'ServerCertificateRolledBack':
    case 'TrustedCertificateReplaced':
    case 'AuthenticationTargetChanged':
    case 'OcspModeChanged':
    case 'RevocationSettingsChanged':
    case 'TlsSettingsChanged':
    case 'ParsingSwitched':
    case 'OnParsingFailureChanged':
    case 'GatewayLimitsChanged':
    case 'CommonNameCheckSwitched':
    case 'PermissionsReplaced':
    case 'CertificateExpiryNoticed':
    case 'GatewayDeleted':
      return roots;
  }
}

/** PEM of those that are switched on, for edges; null without any. */
export function enabledRootsPem(roots: readonly DeviceRoot[]): string | null {
  const enabled = roots.filter((root) => root.enabled);
  return enabled.length === 0 ? null : enabled.map(({ certificate }) => certificate.chainPem).join('');
}

import { isNoticed, type ExpiringChain } from './certificate-expiry.ts';
import {
  DeviceRootExists,
  DeviceRootLast,
  DeviceRootNotFound,
  DeviceRootsExceeded,
  RollbackImpossible,
} from './certificate-change.failures.ts';
import { CertificateExpired } from './certificate.failures.ts';
import { rootFingerprint, type DeviceRoot } from './device-roots.ts';
import type { GatewaySettings } from './gateway-changes.ts';
import type { CertificateChain, GatewayEvent } from './gateway.events.ts';
import { GatewayInputInvalid } from './gateway.failures.ts';

export type CertificateCommand = { readonly gatewayId: string } & (
  | {
      readonly type: 'AddDeviceRoot';
      readonly certificate: CertificateChain;
      readonly enabled: boolean;
    }
  | { readonly type: 'SwitchDeviceRoot'; readonly fingerprint: string; readonly enabled: boolean }
  | { readonly type: 'RemoveDeviceRoot'; readonly fingerprint: string }
  | { readonly type: 'RollBackServerCertificate'; readonly at: Date }
  | { readonly type: 'NoticeExpiry'; readonly expiring: ExpiringChain; readonly days: number }
);

export const MAX_DEVICE_ROOTS = 10;
/** All of them go to edges in one message. */
export const MAX_DEVICE_ROOTS_CHARACTERS = 262_144;

export function decideOnCertificates(command: CertificateCommand, settings: GatewaySettings): GatewayEvent[] {
  const { gatewayId } = command;
  const { deviceRoots: roots } = settings;
  switch (command.type) {
    case 'AddDeviceRoot': {
      const { certificate, enabled } = command;
      requirePlaceFor(certificate, settings);
      return [{ type: 'DeviceRootAdded', data: { gatewayId, deviceRootCertificate: certificate, enabled } }];
    }
    case 'SwitchDeviceRoot': {
      const { fingerprint, enabled } = command;
      const root = requireRoot(gatewayId, roots, fingerprint);
      if (root.enabled === enabled) return [];
      if (!enabled) requireAnother(roots, fingerprint);
      return [{ type: 'DeviceRootSwitched', data: { gatewayId, fingerprint, enabled } }];
    }
    case 'RemoveDeviceRoot': {
      const { fingerprint } = command;
      const root = requireRoot(gatewayId, roots, fingerprint);
      if (root.enabled) requireAnother(roots, fingerprint);
      return [{ type: 'DeviceRootRemoved', data: { gatewayId, fingerprint } }];
    }
    case 'RollBackServerCertificate': {
      const [, former] = settings.generations;
      if (former === undefined) throw new RollbackImpossible(gatewayId);
      const { server, alternative } = former;
      refuseExpired('certificates.serverCertificate', server, command.at);
      if (alternative !== null) {
        refuseExpired('certificates.alternativeServerCertificate', alternative, command.at);
      }
      const data = { gatewayId, serverCertificate: server, alternativeServerCertificate: alternative };
      return [{ type: 'ServerCertificateRolledBack', data }];
    }
    case 'NoticeExpiry': {
      const { expiring, days } = command;
      if (isNoticed(settings.noticedExpiries, expiring, days)) return [];
      const { role, certificate } = expiring;
      const { subject, fingerprint, notAfter } = certificate;
      const data = { gatewayId, certificate: role, subject, fingerprint, notAfter, days };
      return [{ type: 'CertificateExpiryNoticed', data }];
    }
  }
}

function requirePlaceFor(
  certificate: CertificateChain,
  { gatewayId, x509Enabled, deviceRoots }: GatewaySettings,
): void {
  if (!x509Enabled) {
    const message = 'makes no sense at a gateway whose x509.enabled is false: no device shows a certificate';
    throw new GatewayInputInvalid([{ path: 'certificate', message }]);
  }
  const fingerprint = rootFingerprint(certificate);
  if (deviceRoots.some((root) => root.fingerprint === fingerprint)) {
    throw new DeviceRootExists(gatewayId, fingerprint);
  }
  const characters = [...deviceRoots.map((root) => root.certificate), certificate].reduce(
    (sum, { chainPem }) => sum + chainPem.length,
    0,
  );
  if (deviceRoots.length >= MAX_DEVICE_ROOTS || characters > MAX_DEVICE_ROOTS_CHARACTERS) {
    throw new DeviceRootsExceeded(gatewayId, MAX_DEVICE_ROOTS, MAX_DEVICE_ROOTS_CHARACTERS);
  }
}

function requireRoot(gatewayId: string, roots: readonly DeviceRoot[], fingerprint: string): DeviceRoot {
  const root = roots.find((each) => each.fingerprint === fingerprint);
  if (root === undefined) throw new DeviceRootNotFound(gatewayId, fingerprint);
  return root;
}

function requireAnother(roots: readonly DeviceRoot[], fingerprint: string): void {
  const others = roots.filter((root) => root.enabled && root.fingerprint !== fingerprint);
  if (others.length === 0) throw new DeviceRootLast(fingerprint);
}

function refuseExpired(
  field: 'certificates.serverCertificate' | 'certificates.alternativeServerCertificate',
  { chain }: CertificateChain,
  at: Date,
): void {
  const expired = chain.find(({ notAfter }) => Date.parse(notAfter) < at.getTime());
  if (expired !== undefined) throw new CertificateExpired(field, expired.subject, expired.notAfter);
}

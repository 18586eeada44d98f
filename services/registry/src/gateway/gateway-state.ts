import { staples } from './gateway-rules.ts';
import { evolveNoticed } from './certificate-expiry.ts';
import { evolveDeviceRoots } from './device-roots.ts';
import type { GatewaySettings } from './gateway-changes.ts';
import type { GatewayEvent } from './gateway.events.ts';
import { evolveGenerations } from './server-chains.ts';

export type GatewayState = { readonly status: 'absent' } | PresentGateway;
export type PresentGateway = { readonly status: 'present' } & GatewaySettings;

export function evolveGateway(state: GatewayState, event: GatewayEvent): GatewayState {
  if (event.type === 'GatewayCreated') return created(event);
  if (state.status === 'absent') return state;
  switch (event.type) {
    case 'GatewayRenamed':
      return { ...state, name: event.data.name };
    case 'ServerCertificateReplaced':
    case 'ServerCertificateRolledBack':
      return {
        ...state,
        generations: evolveGenerations(state.generations, event),
        noticedExpiries: evolveNoticed(state.noticedExpiries, event),
      };
    case 'DeviceRootReplaced':
    case 'DeviceRootAdded':
    case 'DeviceRootSwitched':
    case 'DeviceRootRemoved':
      return { ...state, deviceRoots: evolveDeviceRoots(state.deviceRoots, event) };
    case 'TrustedCertificateReplaced':
      return { ...state, trusted: event.data.trustedCertificate };
    case 'AuthenticationTargetChanged':
      return { ...state, authentication: event.data.authentication };
    case 'OcspModeChanged': {
      const { ocsp } = event.data;
      return { ...state, ocsp, trusted: staples(ocsp) ? state.trusted : null };
    }
    case 'RevocationSettingsChanged':
      return { ...state, revocation: event.data.revocation };
    case 'TlsSettingsChanged':
      return { ...state, tls: event.data.tls };
    case 'ParsingSwitched':
      return { ...state, parsingEnabled: event.data.enabled };
    case 'OnParsingFailureChanged':
      return { ...state, onParsingFailure: event.data.onParsingFailure };
    case 'GatewayLimitsChanged':
      return { ...state, limits: event.data.limits };
    case 'CommonNameCheckSwitched':
      return { ...state, commonNameMustEqualUsername: event.data.enabled };
    case 'PermissionsReplaced':
      return { ...state, permissions: event.data.permissions };
    case 'CertificateExpiryNoticed':
      return { ...state, noticedExpiries: evolveNoticed(state.noticedExpiries, event) };
    case 'GatewayDeleted':
      return { status: 'absent' };
  }
}

function created(event: Extract<GatewayEvent, { type: 'GatewayCreated' }>): PresentGateway {
  const {
    serverCertificate: server,
    alternativeServerCertificate: alternative,
    deviceRootCertificate: _deviceRoot,
    trustedCertificate: trusted,
    ...settings
  } = event.data;
  return {
    status: 'present',
    ...settings,
    permissions: [],
    generations: [{ server, alternative }],
    deviceRoots: evolveDeviceRoots([], event),
    trusted,
    noticedExpiries: {},
  };
}

import type { GatewayInput, TopicPermission } from '@gatehouse/contracts';
import type { Decider } from '@gatehouse/decider';
import type { Failure } from '@gatehouse/failure';
import { withoutSecret } from './authentication-target.ts';
import { canonical } from './canonical-json.ts';
import type { GatewayCertificates } from './gateway-certificates.ts';
import {
  eventsOfChange,
  fingerprintOf,
  problemsOfChange,
  type GatewayChange,
  type GatewaySettings,
} from './gateway-changes.ts';
import { brokenCommonNameRule, brokenRules, staples } from './gateway-rules.ts';
import type { CertificateChain, GatewayEvent } from './gateway.events.ts';
import { GatewayHasOnlineDevices, GatewayInputInvalid, GatewayNotFound, refuse } from './gateway.failures.ts';

export type GatewayCommand =
  | {
      readonly type: 'CreateGateway';
      readonly gatewayId: string;
      readonly productKey: string;
      readonly input: Omit<GatewayInput, 'certificates'>;
      readonly certificates: GatewayCertificates & { readonly server: CertificateChain };
    }
  | ({
      readonly type: 'ChangeGateway';
      readonly gatewayId: string;
      /** What is wrong with it and could be seen without knowing the gateway. */
      readonly problems: readonly Failure[];
    } & GatewayChange)
  | {
      readonly type: 'ReplacePermissions';
      readonly gatewayId: string;
      readonly permissions: readonly TopicPermission[];
    }
  | {
      readonly type: 'DeleteGateway';
      readonly gatewayId: string;
      readonly hasOnlineDevices: boolean;
      readonly force: boolean;
    };

export type GatewayState = { readonly status: 'absent' } | ({ readonly status: 'present' } & GatewaySettings);

type Present = Extract<GatewayState, { status: 'present' }>;

export const gatewayDecider: Decider<GatewayCommand, GatewayEvent, GatewayState> = {
  initialState: { status: 'absent' },

  decide(command, state) {
    switch (command.type) {
      case 'CreateGateway':
        return state.status === 'present' ? [] : [creation(command)];
      case 'ChangeGateway': {
        const settings = settingsOf(command.gatewayId, state);
        refuse([...command.problems, ...problemsOfChange(command, settings)]);
        return eventsOfChange(command, settings);
      }
      case 'ReplacePermissions': {
        const { gatewayId, permissions } = command;
        const before = settingsOf(gatewayId, state).permissions;
        if (canonical(permissions) === canonical(before)) return [];
        return [{ type: 'PermissionsReplaced', data: { gatewayId, permissions: [...permissions] } }];
      }
      case 'DeleteGateway': {
        const { gatewayId, hasOnlineDevices, force } = command;
        const { productKey } = settingsOf(gatewayId, state);
        if (hasOnlineDevices && !force) throw new GatewayHasOnlineDevices(gatewayId);
        return [{ type: 'GatewayDeleted', data: { gatewayId, productKey } }];
      }
    }
  },

  evolve(state, event) {
    if (event.type === 'GatewayCreated') return created(event.data);
    if (state.status === 'absent') return state;
    const { fingerprints } = state;
    const withFingerprint = (changed: Partial<Present['fingerprints']>): Present => ({
      ...state,
      fingerprints: { ...fingerprints, ...changed },
    });
    switch (event.type) {
      case 'GatewayRenamed':
        return { ...state, name: event.data.name };
      case 'ServerCertificateReplaced':
        return withFingerprint({ server: fingerprintOf(event.data.serverCertificate) });
      case 'DeviceRootReplaced':
        return withFingerprint({ deviceRoot: fingerprintOf(event.data.deviceRootCertificate) });
      case 'TrustedCertificateReplaced':
        return withFingerprint({ trusted: fingerprintOf(event.data.trustedCertificate) });
      case 'AuthenticationTargetChanged':
        return { ...state, authentication: event.data.authentication };
      case 'OcspModeChanged': {
        const { ocsp } = event.data;
        const trusted = staples(ocsp) ? fingerprints.trusted : null;
        return { ...withFingerprint({ trusted }), ocsp };
      }
      case 'ParsingSwitched':
        return { ...state, parsingEnabled: event.data.enabled };
      case 'GatewayLimitsChanged':
        return { ...state, limits: event.data.limits };
      case 'CommonNameCheckSwitched':
        return { ...state, commonNameMustEqualUsername: event.data.enabled };
      case 'PermissionsReplaced':
        return { ...state, permissions: event.data.permissions };
      case 'GatewayDeleted':
        return { status: 'absent' };
    }
  },
};

function creation({
  gatewayId,
  productKey,
  input,
  certificates,
}: Extract<GatewayCommand, { type: 'CreateGateway' }>): GatewayEvent {
  const { server, deviceRoot, trusted } = certificates;
  const { x509, ocsp } = input;
  const present = { deviceRoot: deviceRoot !== undefined, trusted: trusted !== undefined };
  const errors = [...brokenRules({ x509, ocsp, certificates: present }), ...brokenCommonNameRule(input)];
  if (errors.length > 0) throw new GatewayInputInvalid(errors);
  return {
    type: 'GatewayCreated',
    data: {
      gatewayId,
      name: input.name,
      port: input.port,
      hostname: input.hostname,
      topicSpace: input.topicSpace,
      parsingEnabled: input.parsing.enabled,
      authentication: withoutSecret(input.authentication),
      x509Enabled: x509.enabled,
      commonNameMustEqualUsername: x509.commonNameMustEqualUsername,
      ocsp,
      productKey,
      serverCertificate: server,
      deviceRootCertificate: deviceRoot ?? null,
      trustedCertificate: trusted ?? null,
      limits: input.limits,
    },
  };
}

function created({
  serverCertificate,
  deviceRootCertificate,
  trustedCertificate,
  ...settings
}: Extract<GatewayEvent, { type: 'GatewayCreated' }>['data']): Present {
  return {
    status: 'present',
    ...settings,
    permissions: [],
    fingerprints: {
      server: fingerprintOf(serverCertificate),
      deviceRoot: deviceRootCertificate && fingerprintOf(deviceRootCertificate),
      trusted: trustedCertificate && fingerprintOf(trustedCertificate),
    },
  };
}

function settingsOf(gatewayId: string, state: GatewayState): Present {
  if (state.status === 'absent') throw new GatewayNotFound(gatewayId);
  return state;
}

import type { GatewayInput, TopicPermission } from '@gatehouse/contracts';
import type { Decider } from '@gatehouse/decider';
import type { Failure } from '@gatehouse/failure';
import { withoutSecret } from './authentication-target.ts';
import { canonical } from './canonical-json.ts';
import { decideOnCertificates, type CertificateCommand } from './certificate-decisions.ts';
import { problemOfKeyTypes, type GatewayCertificates } from './gateway-certificates.ts';
import { eventsOfChange, problemsOfChange, type GatewayChange } from './gateway-changes.ts';
import { brokenCommonNameRule, brokenRules } from './gateway-rules.ts';
import { evolveGateway, type GatewayState, type PresentGateway } from './gateway-state.ts';
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
  | CertificateCommand
  | {
      readonly type: 'DeleteGateway';
      readonly gatewayId: string;
      readonly hasOnlineDevices: boolean;
      readonly force: boolean;
    };

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
      case 'AddDeviceRoot':
      case 'SwitchDeviceRoot':
      case 'RemoveDeviceRoot':
      case 'RollBackServerCertificate':
      case 'NoticeExpiry':
        return decideOnCertificates(command, settingsOf(command.gatewayId, state));
      case 'DeleteGateway': {
        const { gatewayId, hasOnlineDevices, force } = command;
        const { productKey } = settingsOf(gatewayId, state);
        if (hasOnlineDevices && !force) throw new GatewayHasOnlineDevices(gatewayId);
        return [{ type: 'GatewayDeleted', data: { gatewayId, productKey } }];
      }
    }
  },

  evolve: evolveGateway,
};

function creation({
  gatewayId,
  productKey,
  input,
  certificates,
}: Extract<GatewayCommand, { type: 'CreateGateway' }>): GatewayEvent {
  const { server, alternative = null, deviceRoot, trusted } = certificates;
  const { x509, ocsp } = input;
  const present = { deviceRoot: deviceRoot !== undefined, trusted: trusted !== undefined };
  const errors = [...brokenRules({ x509, ocsp, certificates: present }), ...brokenCommonNameRule(input)];
  if (errors.length > 0) throw new GatewayInputInvalid(errors);
  const sameKeyType = alternative === null ? undefined : problemOfKeyTypes(server, alternative);
  if (sameKeyType !== undefined) throw sameKeyType;
  return {
    type: 'GatewayCreated',
    data: {
      gatewayId,
      name: input.name,
      port: input.port,
      hostname: input.hostname,
      topicSpace: input.topicSpace,
      parsingEnabled: input.parsing.enabled,
      onParsingFailure: input.parsing.onFailure,
      authentication: withoutSecret(input.authentication),
      x509Enabled: x509.enabled,
      commonNameMustEqualUsername: x509.commonNameMustEqualUsername,
      ocsp,
      revocation: input.revocation,
      tls: input.tls,
      productKey,
      serverCertificate: server,
      alternativeServerCertificate: alternative,
      deviceRootCertificate: deviceRoot ?? null,
      trustedCertificate: trusted ?? null,
      limits: input.limits,
    },
  };
}

function settingsOf(gatewayId: string, state: GatewayState): PresentGateway {
  if (state.status === 'absent') throw new GatewayNotFound(gatewayId);
  return state;
}

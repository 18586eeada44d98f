import type { GatewayInput, GatewayPatch } from '@gatehouse/contracts';
import type { Decider } from '@gatehouse/decider';
import { checkFeaturesAreOffered } from './gateway-features-policy.ts';
import type { GatewayEvent, ServerCertificate } from './gateway.events.ts';
import { GatewayHasOnlineDevices, GatewayNotFound } from './gateway.failures.ts';

export type GatewayCommand =
  | {
      readonly type: 'CreateGateway';
      readonly gatewayId: string;
      readonly productKey: string;
      readonly input: Omit<GatewayInput, 'certificates'>;
      readonly serverCertificate: ServerCertificate;
    }
  | {
      readonly type: 'ChangeGateway';
      readonly gatewayId: string;
      readonly patch: Omit<GatewayPatch, 'certificates'>;
      readonly serverCertificate?: ServerCertificate | undefined;
    }
  | {
      readonly type: 'DeleteGateway';
      readonly gatewayId: string;
      readonly hasOnlineDevices: boolean;
      readonly force: boolean;
    };

export type GatewayState =
  | { readonly status: 'absent' }
  | {
      readonly status: 'present';
      readonly name: string;
      readonly productKey: string;
      readonly parsingEnabled: boolean;
      /** Of each certificate of the chain. */
      readonly fingerprints: readonly string[];
    };

type Present = Extract<GatewayState, { status: 'present' }>;

export const gatewayDecider: Decider<GatewayCommand, GatewayEvent, GatewayState> = {
  initialState: { status: 'absent' },

  decide(command, state) {
    switch (command.type) {
      case 'CreateGateway': {
        checkFeaturesAreOffered(command.input);
        if (state.status === 'present') return [];
        const { gatewayId, productKey, input, serverCertificate } = command;
        return [
          {
            type: 'GatewayCreated',
            data: {
              gatewayId,
              name: input.name,
              port: input.port,
              hostname: input.hostname,
              topicSpace: 'isolated',
              parsingEnabled: input.parsing.enabled,
              authentication: { type: 'one-way' },
              x509Enabled: false,
              ocsp: 'disabled',
              productKey,
              serverCertificate,
            },
          },
        ];
      }
      case 'ChangeGateway':
        checkFeaturesAreOffered(command.patch);
        return changes(command, present(command.gatewayId, state));
      case 'DeleteGateway': {
        const { gatewayId, hasOnlineDevices, force } = command;
        const { productKey } = present(gatewayId, state);
        if (hasOnlineDevices && !force) throw new GatewayHasOnlineDevices(gatewayId);
        return [{ type: 'GatewayDeleted', data: { gatewayId, productKey } }];
      }
    }
  },

  evolve(state, event) {
    if (event.type === 'GatewayCreated') {
      const { name, productKey, parsingEnabled, serverCertificate } = event.data;
      return {
        status: 'present',
        name,
        productKey,
        parsingEnabled,
        fingerprints: fingerprintsOf(serverCertificate),
      };
    }
    if (state.status === 'absent') return state;
    switch (event.type) {
      case 'GatewayRenamed':
        return { ...state, name: event.data.name };
      case 'ServerCertificateReplaced':
        return { ...state, fingerprints: fingerprintsOf(event.data.serverCertificate) };
      case 'ParsingSwitched':
        return { ...state, parsingEnabled: event.data.enabled };
      case 'GatewayDeleted':
        return { status: 'absent' };
    }
  },
};

function changes(
  { gatewayId, patch, serverCertificate }: Extract<GatewayCommand, { type: 'ChangeGateway' }>,
  state: Present,
): readonly GatewayEvent[] {
  const events: GatewayEvent[] = [];
  if (patch.name !== undefined && patch.name !== state.name) {
    events.push({ type: 'GatewayRenamed', data: { gatewayId, name: patch.name } });
  }
  if (serverCertificate !== undefined && !hasFingerprints(serverCertificate, state.fingerprints)) {
    events.push({ type: 'ServerCertificateReplaced', data: { gatewayId, serverCertificate } });
  }
  if (patch.parsing !== undefined && patch.parsing.enabled !== state.parsingEnabled) {
    const { productKey } = state;
    events.push({ type: 'ParsingSwitched', data: { gatewayId, productKey, enabled: patch.parsing.enabled } });
  }
  return events;
}

function present(gatewayId: string, state: GatewayState): Present {
  if (state.status === 'absent') throw new GatewayNotFound(gatewayId);
  return state;
}

function fingerprintsOf({ chain }: ServerCertificate): string[] {
  return chain.map(({ fingerprint }) => fingerprint);
}

function hasFingerprints(certificate: ServerCertificate, fingerprints: readonly string[]): boolean {
  return fingerprintsOf(certificate).join() === fingerprints.join();
}

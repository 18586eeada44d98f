import {
  gatewayLimits,
  type GatewayAuthentication,
  type GatewayLimits,
  type GatewayPatch,
  type OcspMode,
  type TopicPermission,
  type TopicSpace,
} from '@gatehouse/contracts';
import type { Failure, FieldError } from '@gatehouse/failure';
import { changedAuthentication } from './authentication-target.ts';
import { canonical } from './canonical-json.ts';
import type { GatewayCertificates } from './gateway-certificates.ts';
import { brokenCommonNameRule, brokenRules, staples } from './gateway-rules.ts';
import type { CertificateChain, GatewayEvent } from './gateway.events.ts';
import { GatewayFieldImmutable, GatewayInputInvalid } from './gateway.failures.ts';

export interface GatewaySettings {
  readonly gatewayId: string;
  readonly productKey: string;
  readonly name: string;
  readonly port: number;
  readonly hostname: string | null;
  readonly topicSpace: TopicSpace;
  readonly parsingEnabled: boolean;
  readonly authentication: GatewayAuthentication;
  readonly x509Enabled: boolean;
  readonly commonNameMustEqualUsername: boolean;
  readonly ocsp: OcspMode;
  readonly limits: GatewayLimits;
  readonly permissions: readonly TopicPermission[];
  /** SHA-256 of each certificate; null where there is no certificate. */
  readonly fingerprints: {
    readonly server: string;
    readonly deviceRoot: string | null;
    readonly trusted: string | null;
  };
}

export interface GatewayChange {
  readonly patch: Omit<GatewayPatch, 'certificates'>;
  readonly certificates: GatewayCertificates;
  /** Whether the patch brings another secret than the one that is kept. */
  readonly hasNewAccessKeySecret: boolean;
}

/** Why a change may not happen. */
export function problemsOfChange(
  { patch, certificates }: GatewayChange,
  settings: GatewaySettings,
): Failure[] {
  const problems: Failure[] = [];
  const immutable = immutableFields(patch, settings);
  const invalid: FieldError[] = [];
  if (patch.authentication !== undefined) {
    const change = changedAuthentication(settings.authentication, patch.authentication);
    if (change.outcome === 'refused') {
      immutable.push(...change.errors.filter(isAboutType));
      invalid.push(...change.errors.filter((error) => !isAboutType(error)));
    }
  }
  const ocsp = patch.ocsp ?? settings.ocsp;
  invalid.push(
    ...brokenRules({
      x509: { enabled: settings.x509Enabled },
      ocsp,
      certificates: {
        deviceRoot: settings.fingerprints.deviceRoot !== null || certificates.deviceRoot !== undefined,
        // What is kept goes by itself when nothing needs it any more.
        trusted:
          (staples(ocsp) && settings.fingerprints.trusted !== null) || certificates.trusted !== undefined,
      },
    }),
  );
  invalid.push(
    ...brokenCommonNameRule({
      x509: {
        enabled: settings.x509Enabled,
        commonNameMustEqualUsername:
          patch.x509?.commonNameMustEqualUsername ?? settings.commonNameMustEqualUsername,
      },
      authentication: settings.authentication,
    }),
  );
  if (immutable.length > 0) problems.push(new GatewayFieldImmutable(immutable));
  if (invalid.length > 0) problems.push(new GatewayInputInvalid(invalid));
  return problems;
}

/** One event for each thing that happens, in the order of the API's fields; none for what is so already. */
export function eventsOfChange(
  { patch, certificates, hasNewAccessKeySecret }: GatewayChange,
  settings: GatewaySettings,
): GatewayEvent[] {
  const { gatewayId, productKey, fingerprints } = settings;
  const events: GatewayEvent[] = [];
  if (patch.name !== undefined && patch.name !== settings.name) {
    events.push({ type: 'GatewayRenamed', data: { gatewayId, name: patch.name } });
  }
  const { server, deviceRoot, trusted } = certificates;
  if (server !== undefined && fingerprintOf(server) !== fingerprints.server) {
    events.push({ type: 'ServerCertificateReplaced', data: { gatewayId, serverCertificate: server } });
  }
  if (deviceRoot !== undefined && fingerprintOf(deviceRoot) !== fingerprints.deviceRoot) {
    events.push({ type: 'DeviceRootReplaced', data: { gatewayId, deviceRootCertificate: deviceRoot } });
  }
  if (trusted !== undefined && fingerprintOf(trusted) !== fingerprints.trusted) {
    events.push({ type: 'TrustedCertificateReplaced', data: { gatewayId, trustedCertificate: trusted } });
  }
  if (patch.authentication !== undefined) {
    const change = changedAuthentication(settings.authentication, patch.authentication);
    if (change.outcome === 'changed') {
      const { authentication } = change;
      const isOther = canonical(authentication) !== canonical(settings.authentication);
      if (isOther || hasNewAccessKeySecret) {
        const data = { gatewayId, authentication, accessKeySecretReplaced: hasNewAccessKeySecret };
        events.push({ type: 'AuthenticationTargetChanged', data });
      }
    }
  }
  const enabled = patch.x509?.commonNameMustEqualUsername;
  if (enabled !== undefined && enabled !== settings.commonNameMustEqualUsername) {
    events.push({ type: 'CommonNameCheckSwitched', data: { gatewayId, enabled } });
  }
  if (patch.ocsp !== undefined && patch.ocsp !== settings.ocsp) {
    events.push({ type: 'OcspModeChanged', data: { gatewayId, ocsp: patch.ocsp } });
  }
  if (patch.parsing !== undefined && patch.parsing.enabled !== settings.parsingEnabled) {
    events.push({ type: 'ParsingSwitched', data: { gatewayId, productKey, enabled: patch.parsing.enabled } });
  }
  const limits = gatewayLimits.parse({ ...settings.limits, ...patch.limits });
  if (canonical(limits) !== canonical(settings.limits)) {
    events.push({ type: 'GatewayLimitsChanged', data: { gatewayId, limits } });
  }
  return events;
}

export function fingerprintOf({ chain }: CertificateChain): string {
  return chain.map(({ fingerprint }) => fingerprint).join(' ');
}

function isAboutType({ path }: FieldError): boolean {
  return path === 'authentication.type';
}

function immutableFields(patch: GatewayChange['patch'], settings: GatewaySettings): FieldError[] {
  const errors: FieldError[] = [];
  const stays = (path: string, asked: unknown, is: unknown): void => {
    if (asked !== undefined && asked !== is) errors.push({ path, message: `stays ${String(is)} for life` });
  };
  stays('port', patch.port, settings.port);
  stays('hostname', patch.hostname, settings.hostname);
  stays('topicSpace', patch.topicSpace, settings.topicSpace);
  stays('x509.enabled', patch.x509?.enabled, settings.x509Enabled);
  return errors;
}

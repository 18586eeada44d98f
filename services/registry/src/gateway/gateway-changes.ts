import {
  gatewayLimits,
  gatewayRevocation,
  type GatewayAuthentication,
  type GatewayLimits,
  type GatewayPatch,
  type GatewayRevocation,
  type GatewayTls,
  type OcspMode,
  type OnParsingFailure,
  type TopicPermission,
  type TopicSpace,
} from '@gatehouse/contracts';
import type { Failure, FieldError } from '@gatehouse/failure';
import { changedAuthentication } from './authentication-target.ts';
import { canonical } from './canonical-json.ts';
import type { NoticedExpiries } from './certificate-expiry.ts';
import type { DeviceRoot } from './device-roots.ts';
import { problemOfKeyTypes, type GatewayCertificates } from './gateway-certificates.ts';
import { brokenCommonNameRule, brokenRules, staples } from './gateway-rules.ts';
import type { CertificateChain, GatewayEvent } from './gateway.events.ts';
import { GatewayFieldImmutable, GatewayInputInvalid } from './gateway.failures.ts';
import { fingerprintOf, isSameGeneration, type Generations, type ServerChains } from './server-chains.ts';

export interface GatewaySettings {
  readonly gatewayId: string;
  readonly productKey: string;
  readonly name: string;
  readonly port: number;
  readonly hostname: string | null;
  readonly topicSpace: TopicSpace;
  readonly parsingEnabled: boolean;
  readonly onParsingFailure: OnParsingFailure;
  readonly authentication: GatewayAuthentication;
  readonly x509Enabled: boolean;
  readonly commonNameMustEqualUsername: boolean;
  readonly ocsp: OcspMode;
  readonly limits: GatewayLimits;
  readonly permissions: readonly TopicPermission[];
  readonly revocation: GatewayRevocation;
  readonly tls: GatewayTls;
  readonly generations: Generations;
  readonly deviceRoots: readonly DeviceRoot[];
  readonly trusted: CertificateChain | null;
  readonly noticedExpiries: NoticedExpiries;
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
        deviceRoot: settings.deviceRoots.length > 0 || certificates.deviceRoot !== undefined,
        // What is kept goes by itself when nothing needs it any more.
        trusted: (staples(ocsp) && settings.trusted !== null) || certificates.trusted !== undefined,
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
  const { server, alternative } = chainsAfter(certificates, settings.generations[0]);
  const isGiven = certificates.server !== undefined || certificates.alternative !== undefined;
  const sameKeyType = isGiven && alternative !== null ? problemOfKeyTypes(server, alternative) : undefined;
  if (sameKeyType !== undefined) problems.push(sameKeyType);
  if (immutable.length > 0) problems.push(new GatewayFieldImmutable(immutable));
  if (invalid.length > 0) problems.push(new GatewayInputInvalid(invalid));
  return problems;
}

/** One event for each thing that happens, in the order of the API's fields; none for what is so already. */
export function eventsOfChange(
  { patch, certificates, hasNewAccessKeySecret }: GatewayChange,
  settings: GatewaySettings,
): GatewayEvent[] {
  const { gatewayId, productKey, generations, deviceRoots } = settings;
  const events: GatewayEvent[] = [];
  if (patch.name !== undefined && patch.name !== settings.name) {
    events.push({ type: 'GatewayRenamed', data: { gatewayId, name: patch.name } });
  }
  const chains = chainsAfter(certificates, generations[0]);
  if (!isSameGeneration(chains, generations[0])) {
    events.push({
      type: 'ServerCertificateReplaced',
      data: {
        gatewayId,
        serverCertificate: chains.server,
        alternativeServerCertificate: chains.alternative,
        keepsFormer: true,
      },
    });
  }
  const { deviceRoot, trusted } = certificates;
  if (deviceRoot !== undefined && !isOnlyRoot(deviceRoots, deviceRoot)) {
    events.push({ type: 'DeviceRootReplaced', data: { gatewayId, deviceRootCertificate: deviceRoot } });
  }
  const formerTrusted = settings.trusted && fingerprintOf(settings.trusted);
  if (trusted !== undefined && fingerprintOf(trusted) !== formerTrusted) {
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
  const revocation = gatewayRevocation.parse({ ...settings.revocation, ...patch.revocation });
  if (canonical(revocation) !== canonical(settings.revocation)) {
    events.push({ type: 'RevocationSettingsChanged', data: { gatewayId, revocation } });
  }
  const minVersion = patch.tls?.minVersion ?? settings.tls.minVersion;
  if (minVersion !== settings.tls.minVersion) {
    events.push({ type: 'TlsSettingsChanged', data: { gatewayId, tls: { minVersion } } });
  }
  const { enabled: parsingEnabled, onFailure } = patch.parsing ?? {};
  if (parsingEnabled !== undefined && parsingEnabled !== settings.parsingEnabled) {
    events.push({ type: 'ParsingSwitched', data: { gatewayId, productKey, enabled: parsingEnabled } });
  }
  if (onFailure !== undefined && onFailure !== settings.onParsingFailure) {
    const data = { gatewayId, productKey, onParsingFailure: onFailure };
    events.push({ type: 'OnParsingFailureChanged', data });
  }
  const limits = gatewayLimits.parse({ ...settings.limits, ...patch.limits });
  if (canonical(limits) !== canonical(settings.limits)) {
    events.push({ type: 'GatewayLimitsChanged', data: { gatewayId, limits } });
  }
  return events;
}

/** The server chains in force after a change; what is not given stays. */
function chainsAfter({ server, alternative }: GatewayCertificates, current: ServerChains): ServerChains {
  return {
    server: server ?? current.server,
    alternative: alternative === undefined ? current.alternative : alternative,
  };
}

function isOnlyRoot(roots: readonly DeviceRoot[], certificate: CertificateChain): boolean {
  const [root, ...others] = roots;
  return (
    root !== undefined &&
    others.length === 0 &&
    root.enabled &&
    fingerprintOf(root.certificate) === fingerprintOf(certificate)
  );
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

import type { Selectable } from 'kysely';
import type { GatewayViewTable } from '../schema/registry-database.ts';
import { changesWhoIsAdmitted } from './admission-change.ts';
import { evolveNoticed, expiringChains, type ExpiringChain } from './certificate-expiry.ts';
import { deviceRootOf, enabledRootsPem, evolveDeviceRoots, type DeviceRoot } from './device-roots.ts';
import { staples } from './gateway-rules.ts';
import type { CertificateChain, GatewayEvent } from './gateway.events.ts';

/** A gateway as the view has it. */
export type GatewayRow = Selectable<GatewayViewTable>;

export interface RecordedGatewayEvent {
  readonly event: GatewayEvent;
  readonly streamVersion: number;
  readonly recordedAt: Date;
}

/** What a row becomes by one event; undefined is no row. */
export function evolveGatewayRow(
  row: GatewayRow | undefined,
  recorded: RecordedGatewayEvent,
): GatewayRow | undefined {
  const { event, streamVersion, recordedAt } = recorded;
  if (event.type === 'GatewayCreated') return createdRow(recorded, event);
  if (row === undefined || event.type === 'GatewayDeleted') return undefined;
  const { authentication, device_roots: deviceRoots } = row;
  const isAdmissionChanged = changesWhoIsAdmitted(event, { authentication, deviceRoots });
  const changed = {
    ...row,
    stream_version: streamVersion,
    updated_at: recordedAt,
    admission_version: isAdmissionChanged ? streamVersion : row.admission_version,
    expiry_noticed: evolveNoticed(row.expiry_noticed, event),
  };
  switch (event.type) {
    case 'GatewayRenamed':
      return { ...changed, name: event.data.name };
    case 'ServerCertificateReplaced':
    case 'ServerCertificateRolledBack':
      return { ...changed, ...serverColumns(event.data) };
    case 'DeviceRootReplaced':
    case 'DeviceRootAdded':
    case 'DeviceRootSwitched':
    case 'DeviceRootRemoved':
      return { ...changed, ...deviceRootColumns(evolveDeviceRoots(deviceRoots, event)) };
    case 'TrustedCertificateReplaced':
      return { ...changed, ...trustedColumns(event.data.trustedCertificate) };
    case 'AuthenticationTargetChanged':
      return { ...changed, authentication: event.data.authentication };
    case 'OcspModeChanged': {
      const { ocsp } = event.data;
      return { ...changed, ocsp, ...(staples(ocsp) ? {} : trustedColumns(null)) };
    }
    case 'RevocationSettingsChanged':
      return { ...changed, revocation: event.data.revocation };
    case 'TlsSettingsChanged':
      return { ...changed, tls: event.data.tls };
    case 'GatewayLimitsChanged':
      return { ...changed, limits: event.data.limits };
    case 'CommonNameCheckSwitched':
      return { ...changed, common_name_must_equal_username: event.data.enabled };
    case 'PermissionsReplaced':
      return { ...changed, permissions: event.data.permissions };
    case 'ParsingSwitched':
      return { ...changed, parsing_enabled: event.data.enabled };
    case 'OnParsingFailureChanged':
      return { ...changed, on_parsing_failure: event.data.onParsingFailure };
    case 'CertificateExpiryNoticed':
      return changed;
  }
}

/** What of its certificates is in use, as far as expiry goes. */
export function chainsOfRow(
  row: Pick<
    GatewayRow,
    | 'server_certificate_chain'
    | 'alternative_server_certificate_chain'
    | 'device_roots'
    | 'trusted_certificate_chain'
  >,
): ExpiringChain[] {
  return expiringChains({
    server: row.server_certificate_chain,
    alternative: row.alternative_server_certificate_chain,
    deviceRoots: row.device_roots,
    trusted: row.trusted_certificate_chain,
  });
}

/** As the reference platform names it. */
export function productNameOf(gatewayId: string): string {
  return `Gateway+${gatewayId}`;
}

function createdRow(
  { streamVersion, recordedAt }: RecordedGatewayEvent,
  { data }: Extract<GatewayEvent, { type: 'GatewayCreated' }>,
): GatewayRow {
  return {
    gateway_id: data.gatewayId,
    stream_version: streamVersion,
    name: data.name,
    port: data.port,
    hostname: data.hostname,
    topic_space: data.topicSpace,
    parsing_enabled: data.parsingEnabled,
    on_parsing_failure: data.onParsingFailure,
    authentication: data.authentication,
    x509_enabled: data.x509Enabled,
    common_name_must_equal_username: data.commonNameMustEqualUsername,
    admission_version: streamVersion,
    permissions: [],
    ocsp: data.ocsp,
    revocation: data.revocation,
    tls: data.tls,
    limits: data.limits,
    ...serverColumns(data),
    ...deviceRootColumns(
      data.deviceRootCertificate === null ? [] : [deviceRootOf(data.deviceRootCertificate)],
    ),
    ...trustedColumns(data.trustedCertificate),
    expiry_noticed: {},
    product_key: data.productKey,
    product_name: productNameOf(data.gatewayId),
    created_at: recordedAt,
    updated_at: recordedAt,
  };
}

function serverColumns({
  serverCertificate: server,
  alternativeServerCertificate: alternative,
}: {
  readonly serverCertificate: CertificateChain;
  readonly alternativeServerCertificate: CertificateChain | null;
}) {
  return {
    server_certificate: server.chainPem,
    server_certificate_chain: server.chain,
    alternative_server_certificate: alternative?.chainPem ?? null,
    alternative_server_certificate_chain: alternative?.chain ?? null,
  };
}

function deviceRootColumns(roots: readonly DeviceRoot[]) {
  return { device_roots: [...roots], device_root_certificate: enabledRootsPem(roots) };
}

function trustedColumns(trusted: CertificateChain | null) {
  return {
    trusted_certificate: trusted?.chainPem ?? null,
    trusted_certificate_chain: trusted?.chain ?? null,
  };
}

import type { Selectable } from 'kysely';
import type { GatewayViewTable } from '../schema/registry-database.ts';
import { changesWhoIsAdmitted } from './admission-change.ts';
import { staples } from './gateway-rules.ts';
import type { GatewayEvent } from './gateway.events.ts';

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
  const changed = {
    ...row,
    stream_version: streamVersion,
    updated_at: recordedAt,
    admission_version: changesWhoIsAdmitted(event, row.authentication)
      ? streamVersion
      : row.admission_version,
  };
  switch (event.type) {
    case 'GatewayRenamed':
      return { ...changed, name: event.data.name };
    case 'ServerCertificateReplaced': {
      const { chainPem, chain } = event.data.serverCertificate;
      return { ...changed, server_certificate: chainPem, server_certificate_chain: chain };
    }
    case 'DeviceRootReplaced':
      return { ...changed, device_root_certificate: event.data.deviceRootCertificate.chainPem };
    case 'TrustedCertificateReplaced':
      return { ...changed, trusted_certificate: event.data.trustedCertificate.chainPem };
    case 'AuthenticationTargetChanged':
      return { ...changed, authentication: event.data.authentication };
    case 'OcspModeChanged': {
      const { ocsp } = event.data;
      return { ...changed, ocsp, ...(staples(ocsp) ? {} : { trusted_certificate: null }) };
    }
    case 'GatewayLimitsChanged':
      return { ...changed, limits: event.data.limits };
    case 'CommonNameCheckSwitched':
      return { ...changed, common_name_must_equal_username: event.data.enabled };
    case 'PermissionsReplaced':
      return { ...changed, permissions: event.data.permissions };
    case 'ParsingSwitched':
      return { ...changed, parsing_enabled: event.data.enabled };
  }
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
    authentication: data.authentication,
    x509_enabled: data.x509Enabled,
    common_name_must_equal_username: data.commonNameMustEqualUsername,
    admission_version: streamVersion,
    permissions: [],
    ocsp: data.ocsp,
    limits: data.limits,
    server_certificate: data.serverCertificate.chainPem,
    server_certificate_chain: data.serverCertificate.chain,
    device_root_certificate: data.deviceRootCertificate?.chainPem ?? null,
    trusted_certificate: data.trustedCertificate?.chainPem ?? null,
    product_key: data.productKey,
    product_name: productNameOf(data.gatewayId),
    created_at: recordedAt,
    updated_at: recordedAt,
  };
}

import type { RegistryTransaction } from '../schema/registry-database.ts';
import type { RecordedGatewayEvent } from './gateway-row.ts';
import { FORMER_GENERATIONS } from './server-chains.ts';

/** Brings `gateway_generation_view` up to date with one event. */
export async function projectGenerations(
  db: RegistryTransaction,
  { event, streamVersion, recordedAt }: RecordedGatewayEvent,
): Promise<void> {
  const { gatewayId } = event.data;
  switch (event.type) {
    case 'GatewayCreated':
    case 'ServerCertificateReplaced': {
      if (event.type === 'ServerCertificateReplaced') {
        const kept = event.data.keepsFormer ? FORMER_GENERATIONS : 0;
        await forgetGenerations(db, gatewayId, { beyond: kept });
      }
      const { serverCertificate, alternativeServerCertificate } = event.data;
      const row = {
        gateway_id: gatewayId,
        stream_version: streamVersion,
        used_from: recordedAt,
        server_certificate: serverCertificate.chainPem,
        alternative_server_certificate: alternativeServerCertificate?.chainPem ?? null,
      };
      await db.insertInto('gateway_generation_view').values(row).execute();
      return;
    }
    case 'ServerCertificateRolledBack':
      await db
        .deleteFrom('gateway_generation_view')
        .where('gateway_id', '=', gatewayId)
        .where('stream_version', '=', (where) =>
          where
            .selectFrom('gateway_generation_view')
            .select((select) => select.fn.max('stream_version').as('newest'))
            .where('gateway_id', '=', gatewayId),
        )
        .execute();
      return;
    case 'GatewayDeleted':
      await forgetGenerations(db, gatewayId, { beyond: 0 });
      return;
    case 'GatewayRenamed':
    case 'DeviceRootReplaced':
    case 'DeviceRootAdded':
    case 'DeviceRootSwitched':
    case 'DeviceRootRemoved':
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
  }
}

async function forgetGenerations(
  db: RegistryTransaction,
  gatewayId: string,
  { beyond }: { readonly beyond: number },
): Promise<void> {
  const kept = await db
    .selectFrom('gateway_generation_view')
    .select('stream_version')
    .where('gateway_id', '=', gatewayId)
    .orderBy('stream_version', 'desc')
    .limit(beyond)
    .execute();
  let others = db.deleteFrom('gateway_generation_view').where('gateway_id', '=', gatewayId);
  const versions = kept.map(({ stream_version }) => stream_version);
  if (versions.length > 0) others = others.where('stream_version', 'not in', versions);
  await others.execute();
}

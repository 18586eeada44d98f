import type { RecordedEvent } from '@gatehouse/event-store';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { staples } from './gateway-rules.ts';
import { gatewayEvent } from './gateway.events.ts';

/** Brings `gateway_view` up to date with one event; events of other aggregates change nothing. */
export async function projectGateway(db: RegistryTransaction, recorded: RecordedEvent): Promise<void> {
  if (!recorded.streamId.startsWith('gateway/')) return;
  const event = gatewayEvent.parse({ type: recorded.type, data: recorded.data });
  const { gatewayId } = event.data;
  const change = { stream_version: recorded.streamVersion, updated_at: recorded.recordedAt };
  const row = db.updateTable('gateway_view').where('gateway_id', '=', gatewayId);
  switch (event.type) {
    case 'GatewayCreated': {
      const { data } = event;
      await db
        .insertInto('gateway_view')
        .values({
          ...change,
          gateway_id: gatewayId,
          name: data.name,
          port: data.port,
          hostname: data.hostname,
          topic_space: data.topicSpace,
          parsing_enabled: data.parsingEnabled,
          authentication: JSON.stringify(data.authentication),
          x509_enabled: data.x509Enabled,
          ocsp: data.ocsp,
          limits: JSON.stringify(data.limits),
          server_certificate: data.serverCertificate.chainPem,
          server_certificate_chain: JSON.stringify(data.serverCertificate.chain),
          device_root_certificate: data.deviceRootCertificate?.chainPem ?? null,
          trusted_certificate: data.trustedCertificate?.chainPem ?? null,
          product_key: data.productKey,
          product_name: productNameOf(gatewayId),
          created_at: recorded.recordedAt,
        })
        .execute();
      return;
    }
    case 'GatewayRenamed':
      await row.set({ ...change, name: event.data.name }).execute();
      return;
    case 'ServerCertificateReplaced':
      await row
        .set({
          ...change,
          server_certificate: event.data.serverCertificate.chainPem,
          server_certificate_chain: JSON.stringify(event.data.serverCertificate.chain),
        })
        .execute();
      return;
    case 'DeviceRootReplaced':
      await row
        .set({ ...change, device_root_certificate: event.data.deviceRootCertificate.chainPem })
        .execute();
      return;
    case 'TrustedCertificateReplaced':
      await row.set({ ...change, trusted_certificate: event.data.trustedCertificate.chainPem }).execute();
      return;
    case 'AuthenticationTargetChanged':
      await row.set({ ...change, authentication: JSON.stringify(event.data.authentication) }).execute();
      return;
    case 'OcspModeChanged': {
      const { ocsp } = event.data;
      const dropped = staples(ocsp) ? {} : { trusted_certificate: null };
      await row.set({ ...change, ocsp, ...dropped }).execute();
      return;
    }
    case 'GatewayLimitsChanged':
      await row.set({ ...change, limits: JSON.stringify(event.data.limits) }).execute();
      return;
    case 'ParsingSwitched':
      await row.set({ ...change, parsing_enabled: event.data.enabled }).execute();
      return;
    case 'GatewayDeleted':
      await db.deleteFrom('gateway_view').where('gateway_id', '=', gatewayId).execute();
  }
}

/** As the reference platform names it. */
export function productNameOf(gatewayId: string): string {
  return `Gateway+${gatewayId}`;
}

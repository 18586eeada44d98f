import type { RecordedEvent } from '@gatehouse/event-store';
import type { RegistryTransaction } from '../schema/registry-database.ts';
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
          parsing_enabled: data.parsingEnabled,
          server_certificate: data.serverCertificate.chainPem,
          server_certificate_chain: JSON.stringify(data.serverCertificate.chain),
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

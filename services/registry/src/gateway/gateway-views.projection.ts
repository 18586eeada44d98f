import type { RecordedEvent } from '@gatehouse/event-store';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { evolveGatewayRow, type GatewayRow } from './gateway-row.ts';
import { gatewayEvent } from './gateway.events.ts';
import { projectGenerations } from './generation-views.projection.ts';

/** Brings `gateway_view` up to date with one event; events of other aggregates change nothing. */
export async function projectGateway(db: RegistryTransaction, recorded: RecordedEvent): Promise<void> {
  if (!recorded.streamId.startsWith('gateway/')) return;
  const { type, data, streamVersion, recordedAt } = recorded;
  const event = gatewayEvent.parse({ type, data });
  const { gatewayId } = event.data;
  const before = await db
    .selectFrom('gateway_view')
    .selectAll()
    .where('gateway_id', '=', gatewayId)
    .executeTakeFirst();
  const after = evolveGatewayRow(before, { event, streamVersion, recordedAt });
  await projectGenerations(db, { event, streamVersion, recordedAt });
  if (after === undefined) {
    await db.deleteFrom('gateway_view').where('gateway_id', '=', gatewayId).execute();
  } else if (before === undefined) {
    await db.insertInto('gateway_view').values(written(after)).execute();
  } else {
    await db.updateTable('gateway_view').set(written(after)).where('gateway_id', '=', gatewayId).execute();
  }
}

const written = (row: GatewayRow) => ({
  ...row,
  authentication: JSON.stringify(row.authentication),
  limits: JSON.stringify(row.limits),
  permissions: JSON.stringify(row.permissions),
  revocation: JSON.stringify(row.revocation),
  tls: JSON.stringify(row.tls),
  server_certificate_chain: JSON.stringify(row.server_certificate_chain),
  alternative_server_certificate_chain: jsonOrNull(row.alternative_server_certificate_chain),
  device_roots: JSON.stringify(row.device_roots),
  trusted_certificate_chain: jsonOrNull(row.trusted_certificate_chain),
  expiry_noticed: JSON.stringify(row.expiry_noticed),
});

const jsonOrNull = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));

import type { DeviceView } from '@gatehouse/contracts';
import type { Selectable } from 'kysely';
import type { DeviceViewTable } from '../schema/registry-database.ts';

/** A device's row as the HTTP API answers it. */
export function deviceViewOf(row: Selectable<DeviceViewTable>): DeviceView {
  return {
    productKey: row.product_key,
    deviceName: row.device_name,
    sn: row.serial_number,
    status: row.status,
    clientId: row.client_id,
    remoteAddress: row.remote_address,
    edgeId: row.edge_id,
    createdAt: row.created_at.toISOString(),
    activatedAt: row.activated_at?.toISOString() ?? null,
    lastOnlineAt: row.last_online_at?.toISOString() ?? null,
    lastOfflineAt: row.last_offline_at?.toISOString() ?? null,
    updatedAt: row.updated_at.toISOString(),
  };
}

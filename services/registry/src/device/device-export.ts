import type { DeviceView } from '@gatehouse/contracts';
import { csvLine } from './csv-line.ts';
import type { DeviceFilters, DeviceQueries } from './device-views.queries.ts';

const DEVICES_AT_ONCE = 1_000;
const HEADER = ['UserName', 'SN', 'Status', 'CreatedAt', 'ActivatedAt', 'LastOnlineAt', 'LastOfflineAt'];

/** The devices of a product as lines of CSV (RFC 4180), piece by piece and by name; no passwords. */
export async function* deviceExport(
  queries: DeviceQueries,
  productKey: string,
  filters: DeviceFilters,
): AsyncGenerator<string> {
  yield csvLine(HEADER);
  let after: string | undefined;
  do {
    const { items, next } = await queries.list(productKey, { ...filters, limit: DEVICES_AT_ONCE, after });
    if (items.length > 0) yield items.map(lineOf).join('');
    after = next ?? undefined;
  } while (after !== undefined);
}

function lineOf(device: DeviceView): string {
  return csvLine([
    device.deviceName,
    device.sn ?? '',
    device.status,
    device.createdAt,
    device.activatedAt ?? '',
    device.lastOnlineAt ?? '',
    device.lastOfflineAt ?? '',
  ]);
}

import type { DeviceHistoryEvent, DeviceStateAt, DeviceStatus, DeviceView, Page } from '@gatehouse/contracts';
import { streamHistory, type HistoryRequest } from '../event-log/stream-history.ts';
import { ProductQueries } from '../product/product-views.queries.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { deviceStream } from '../stream-names.ts';
import { pageOfRows, type PageRequest } from '../views/page-of-rows.ts';
import { deviceAt } from '../time-travel/device-at.ts';
import { deviceViewOf } from './device-view.ts';
import { DeviceNotFound } from './device.failures.ts';

export interface DeviceFilters {
  readonly status?: DeviceStatus | undefined;
  /** What the device's name begins with. */
  readonly prefix?: string | undefined;
  /** The whole serial number. */
  readonly sn?: string | undefined;
}

export interface DeviceListRequest extends DeviceFilters, PageRequest {}

/** Sorts after everything that begins as the text before it does. */
const LAST_CHARACTER = '\u{10FFFF}';

/** A device that the registry holds for online, with what a report of its session's end needs. */
export interface OpenSession {
  readonly gatewayId: string;
  readonly productKey: string;
  readonly deviceName: string;
  readonly session: number;
  readonly edgeId: string;
  readonly clientId: string;
  readonly remoteAddress: string;
  readonly protocolVersion: 3 | 4 | 5;
}

export interface DeviceAdmission {
  readonly isDisabled: boolean;
  readonly credentialVersion: number;
}

export class DeviceQueries {
  readonly #products: ProductQueries;

  constructor(private readonly db: RegistryDb) {
    this.#products = new ProductQueries(db);
  }

  /** @throws {ProductNotFound} */
  async list(productKey: string, request: DeviceListRequest): Promise<Page<DeviceView>> {
    const { limit } = request;
    await this.#products.get(productKey);
    return pageOfRows(await devicesQuery(this.db, productKey, request).execute(), limit, {
      item: deviceViewOf,
      cursor: (row) => row.device_name,
    });
  }

  /**
   * @param db the transaction of a command, to see what it has just written
   * @throws {DeviceNotFound}
   */
  async get(productKey: string, deviceName: string, db: RegistryDb = this.db): Promise<DeviceView> {
    const row = await db
      .selectFrom('device_view')
      .selectAll()
      .where('product_key', '=', productKey)
      .where('device_name', '=', deviceName)
      .executeTakeFirst();
    if (row === undefined) throw new DeviceNotFound(productKey, deviceName);
    return deviceViewOf(row);
  }

  /** What lets a session of the device go on; undefined when there is no such device. */
  async admissionOf(productKey: string, deviceName: string): Promise<DeviceAdmission | undefined> {
    return this.db
      .selectFrom('device_view')
      .select(['is_disabled as isDisabled', 'credential_version as credentialVersion'])
      .where('product_key', '=', productKey)
      .where('device_name', '=', deviceName)
      .executeTakeFirst();
  }

  async isKnown(productKey: string, deviceName: string): Promise<boolean> {
    const row = await this.db
      .selectFrom('device_view')
      .select('device_name')
      .where('product_key', '=', productKey)
      .where('device_name', '=', deviceName)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** As it was. @throws {DeviceNotFound} when there was no such device at that instant */
  getAt(productKey: string, deviceName: string, at: Date): Promise<DeviceStateAt> {
    return deviceAt(this.db, { productKey, deviceName }, at);
  }

  /**
   * Newest first; `next` goes into `before`. A device that was deleted still has its history.
   *
   * @throws {DeviceNotFound} when there never was such a device
   */
  async history(
    productKey: string,
    deviceName: string,
    request: HistoryRequest,
  ): Promise<Page<DeviceHistoryEvent>> {
    const history = await streamHistory(this.db, deviceStream(productKey, deviceName), request);
    if (history === undefined) throw new DeviceNotFound(productKey, deviceName);
    return history;
  }

  /** Edges that hold at least one device for online. */
  async edgesWithOpenSessions(): Promise<string[]> {
    const rows = await this.db
      .selectFrom('device_view')
      .select('edge_id')
      .distinct()
      .where('is_online', '=', true)
      .execute();
    return rows.flatMap(({ edge_id }) => (edge_id === null ? [] : [edge_id]));
  }

  /** At most `limit` devices that are online at an edge; ask again when they were closed. */
  async openSessionsAt(
    edgeId: string,
    { upToSession, limit }: { readonly upToSession: number; readonly limit: number },
  ): Promise<OpenSession[]> {
    const rows = await this.db
      .selectFrom('device_view')
      .selectAll()
      .where('is_online', '=', true)
      .where('edge_id', '=', edgeId)
      .where('session', '<=', String(upToSession))
      .orderBy('product_key')
      .orderBy('device_name')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      gatewayId: row.gateway_id ?? '',
      productKey: row.product_key,
      deviceName: row.device_name,
      session: Number(row.session),
      edgeId,
      clientId: row.client_id ?? '',
      remoteAddress: row.remote_address ?? '',
      protocolVersion: protocolVersionOf(row.protocol_version),
    }));
  }
}

/** One row more than a page. A prefix is a range of names: the plan does not depend on its text. */
export function devicesQuery(db: RegistryDb, productKey: string, request: DeviceListRequest) {
  const { status, prefix, sn, limit, after = '' } = request;
  let query = db
    .selectFrom('device_view')
    .selectAll()
    .where('product_key', '=', productKey)
    .where('device_name', '>', after)
    .orderBy('device_name')
    .limit(limit + 1);
  if (status !== undefined) query = query.where('status', '=', status);
  if (sn !== undefined) query = query.where('serial_number', '=', sn);
  if (prefix !== undefined) {
    query = query.where('device_name', '>=', prefix).where('device_name', '<', `${prefix}${LAST_CHARACTER}`);
  }
  return query;
}

function protocolVersionOf(version: number | null): 3 | 4 | 5 {
  return version === 3 || version === 4 ? version : 5;
}

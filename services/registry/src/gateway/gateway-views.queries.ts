import type {
  DeviceHistoryEvent,
  GatewayStateAt,
  GatewayStatus,
  GatewayView,
  Page,
  TopicPermission,
} from '@gatehouse/contracts';
import { streamHistory, type HistoryRequest } from '../event-log/stream-history.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { gatewayStream } from '../stream-names.ts';
import { gatewayRowAt } from '../time-travel/gateway-at.ts';
import { lastChange } from '../time-travel/last-change.ts';
import { pageOfRows, type PageRequest } from '../views/page-of-rows.ts';
import { noticesOf } from './gateway-notices.ts';
import { chainsOfRow, type GatewayRow } from './gateway-row.ts';
import { GatewayNotFound } from './gateway.failures.ts';

export interface GatewayPermissions {
  /** Of the gateway. */
  readonly version: number;
  readonly permissions: readonly TopicPermission[];
}

/** Views say `starting`; what edges report is merged by {@link withStatus}. */
export class GatewayQueries {
  /** @param publicHost the host in the address of a gateway that has no host name of its own */
  constructor(
    private readonly db: RegistryDb,
    private readonly publicHost: string,
    private readonly clock: () => Date = () => new Date(),
  ) {}

  async list({ limit, after }: PageRequest): Promise<Page<GatewayView>> {
    const rows = await this.db
      .selectFrom('gateway_view')
      .selectAll()
      .where('gateway_id', '>', after ?? '')
      .orderBy('gateway_id')
      .limit(limit + 1)
      .execute();
    return pageOfRows(rows, limit, {
      item: (row) => this.#view(row),
      cursor: (row) => row.gateway_id,
    });
  }

  /**
   * @param db the transaction of a command, to see what it has just written
   * @throws {GatewayNotFound}
   */
  async get(gatewayId: string, db: RegistryDb = this.db): Promise<GatewayView> {
    const row = await db
      .selectFrom('gateway_view')
      .selectAll()
      .where('gateway_id', '=', gatewayId)
      .executeTakeFirst();
    if (row === undefined) throw new GatewayNotFound(gatewayId);
    return this.#view(row);
  }

  /** As it was; whether edges listened then is not in the log. @throws {GatewayNotFound} when it was not there */
  async getAt(gatewayId: string, at: Date): Promise<GatewayStateAt> {
    const found = await gatewayRowAt(this.db, gatewayId, at);
    if (found === undefined) throw new GatewayNotFound(gatewayId);
    const { status: _status, statusReason: _reason, ...view } = this.#view(found.row);
    return { ...view, ...lastChange(found.last) };
  }

  /** @throws {GatewayNotFound} */
  async permissions(gatewayId: string, db: RegistryDb = this.db): Promise<GatewayPermissions> {
    const row = await db
      .selectFrom('gateway_view')
      .select(['stream_version as version', 'permissions'])
      .where('gateway_id', '=', gatewayId)
      .executeTakeFirst();
    if (row === undefined) throw new GatewayNotFound(gatewayId);
    return row;
  }

  /** As they were. @throws {GatewayNotFound} when the gateway was not there */
  async permissionsAt(gatewayId: string, at: Date): Promise<GatewayPermissions> {
    const found = await gatewayRowAt(this.db, gatewayId, at);
    if (found === undefined) throw new GatewayNotFound(gatewayId);
    return { version: found.row.stream_version, permissions: found.row.permissions };
  }

  /**
   * Newest first; `next` goes into `before`. A gateway that was deleted still has its history.
   *
   * @throws {GatewayNotFound} when there never was such a gateway
   */
  async history(gatewayId: string, request: HistoryRequest): Promise<Page<DeviceHistoryEvent>> {
    const history = await streamHistory(this.db, gatewayStream(gatewayId), request);
    if (history === undefined) throw new GatewayNotFound(gatewayId);
    return history;
  }

  #view(row: GatewayRow): GatewayView {
    const settings = {
      topicSpace: row.topic_space,
      authentication: row.authentication,
      x509: {
        enabled: row.x509_enabled,
        commonNameMustEqualUsername: row.common_name_must_equal_username,
      },
      ocsp: row.ocsp,
      revocation: row.revocation,
      tls: row.tls,
      limits: row.limits,
    };
    return {
      gatewayId: row.gateway_id,
      version: row.stream_version,
      name: row.name,
      port: row.port,
      hostname: row.hostname,
      url: `mqtts://${row.hostname ?? this.publicHost}:${row.port}`,
      status: 'starting',
      statusReason: null,
      parsing: { enabled: row.parsing_enabled, onFailure: row.on_parsing_failure },
      ...settings,
      certificates: {
        serverCertificate: row.server_certificate,
        serverCertificateChain: row.server_certificate_chain,
        alternativeServerCertificate: row.alternative_server_certificate,
        deviceRootCertificate: row.device_root_certificate,
        trustedCertificate: row.trusted_certificate,
      },
      notices: noticesOf({
        ...settings,
        hostname: row.hostname,
        permissions: row.permissions,
        serverCertificate: row.server_certificate,
        alternativeServerCertificate: row.alternative_server_certificate,
        chains: chainsOfRow(row),
        now: this.clock(),
      }),
      productKey: row.product_key,
      productName: row.product_name,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    };
  }
}

export function withStatus(
  view: GatewayView,
  status: GatewayStatus,
  reason: string | null = null,
): GatewayView {
  return { ...view, status, statusReason: reason };
}

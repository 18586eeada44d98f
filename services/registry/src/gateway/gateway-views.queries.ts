import { type GatewayStatus, type GatewayView, type Page } from '@gatehouse/contracts';
import type { Selectable } from 'kysely';
import type { GatewayViewTable, RegistryDb } from '../schema/registry-database.ts';
import { pageOfRows, type PageRequest } from '../views/page-of-rows.ts';
import { noticesOf } from './gateway-notices.ts';
import { GatewayNotFound } from './gateway.failures.ts';

/** Views say `starting`; what edges report is merged by {@link withStatus}. */
export class GatewayQueries {
  /** @param publicHost the host in the address of a gateway that has no host name of its own */
  constructor(
    private readonly db: RegistryDb,
    private readonly publicHost: string,
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

  #view(row: Selectable<GatewayViewTable>): GatewayView {
    const settings = {
      topicSpace: row.topic_space,
      authentication: row.authentication,
      x509: { enabled: row.x509_enabled },
      ocsp: row.ocsp,
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
      parsing: { enabled: row.parsing_enabled },
      ...settings,
      certificates: {
        serverCertificate: row.server_certificate,
        serverCertificateChain: row.server_certificate_chain,
        deviceRootCertificate: row.device_root_certificate,
        trustedCertificate: row.trusted_certificate,
      },
      notices: noticesOf(settings),
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

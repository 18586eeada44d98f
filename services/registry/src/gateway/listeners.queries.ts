import type { GatewayListener } from '@gatehouse/contracts';
import { sql, type Selectable } from 'kysely';
import type { GatewayViewTable, RegistryDb } from '../schema/registry-database.ts';
import type { SecretSealer } from '../secrets/sealed-secret.ts';
import { gatewayStream } from '../stream-names.ts';

/** A reply must stay below the bus's limit of 1 MB. */
const MAX_PAGE_CHARACTERS = 500_000;
const MAX_PAGE_ITEMS = 100;

export interface ListenerPage {
  readonly gateways: GatewayListener[];
  readonly next: string | null;
}

interface ListenerRow extends Selectable<GatewayViewTable> {
  readonly key_id: string;
  readonly sealed_private_key: string;
  readonly alternative_key_id: string | null;
  readonly alternative_sealed_private_key: string | null;
}

/** What edges must know to listen, private keys unsealed. */
export class ListenerQueries {
  constructor(
    private readonly db: RegistryDb,
    private readonly sealer: SecretSealer,
  ) {}

  /** A page holds at most 100 gateways, and fewer when their certificates are long. */
  async list(after = ''): Promise<ListenerPage> {
    const rows = await this.#select()
      .where('gateway_view.gateway_id', '>', after)
      .orderBy('gateway_view.gateway_id')
      .limit(MAX_PAGE_ITEMS + 1)
      .execute();
    const gateways: GatewayListener[] = [];
    let characters = 0;
    for (const row of rows.slice(0, MAX_PAGE_ITEMS)) {
      const listener = this.#listener(row);
      characters += JSON.stringify(listener).length;
      if (gateways.length > 0 && characters > MAX_PAGE_CHARACTERS) break;
      gateways.push(listener);
    }
    const isLast = gateways.length === rows.length;
    return { gateways, next: isLast ? null : (gateways.at(-1)?.gatewayId ?? null) };
  }

  async get(gatewayId: string): Promise<GatewayListener | null> {
    const row = await this.#select().where('gateway_view.gateway_id', '=', gatewayId).executeTakeFirst();
    return row === undefined ? null : this.#listener(row);
  }

  #select() {
    return this.db
      .selectFrom('gateway_view')
      .innerJoin('gateway_secret as secret', (join) =>
        join
          .onRef('secret.gateway_id', '=', 'gateway_view.gateway_id')
          .on('secret.fingerprint', '=', sql<string>`server_certificate_chain -> 0 ->> 'fingerprint'`),
      )
      .leftJoin('gateway_secret as alternative', (join) =>
        join
          .onRef('alternative.gateway_id', '=', 'gateway_view.gateway_id')
          .on(
            'alternative.fingerprint',
            '=',
            sql<string>`alternative_server_certificate_chain -> 0 ->> 'fingerprint'`,
          ),
      )
      .selectAll('gateway_view')
      .select([
        'secret.key_id',
        'secret.sealed_private_key',
        'alternative.key_id as alternative_key_id',
        'alternative.sealed_private_key as alternative_sealed_private_key',
      ]);
  }

  #listener(row: ListenerRow): GatewayListener {
    const place = gatewayStream(row.gateway_id);
    const { alternative_key_id: keyId, alternative_sealed_private_key: sealed } = row;
    const hasAlternative = keyId !== null && sealed !== null;
    return {
      gatewayId: row.gateway_id,
      productKey: row.product_key,
      name: row.name,
      port: row.port,
      hostname: row.hostname,
      version: row.stream_version,
      serverCertificate: row.server_certificate,
      serverPrivateKey: this.sealer.open({ keyId: row.key_id, sealed: row.sealed_private_key }, place),
      alternativeServerCertificate: hasAlternative ? row.alternative_server_certificate : null,
      alternativeServerPrivateKey: hasAlternative ? this.sealer.open({ keyId, sealed }, place) : null,
      trustedCertificate: row.trusted_certificate,
      tls: row.tls,
      ocsp: row.ocsp,
      revocation: row.revocation,
      deviceRootCertificate: row.device_root_certificate,
      admissionVersion: row.admission_version,
      limits: row.limits,
      permissions: row.permissions,
    };
  }
}

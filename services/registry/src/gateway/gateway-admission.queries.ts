import type { GatewayAdmission } from '@gatehouse/contracts';
import type { RegistryDb } from '../schema/registry-database.ts';
import type { SecretSealer } from '../secrets/sealed-secret.ts';
import { placeOfAccessKeySecret } from './gateway-secrets.ts';

/** What auth must know to admit the devices of a gateway, the secret of an access key unsealed. */
export class GatewayAdmissionQueries {
  constructor(
    private readonly db: RegistryDb,
    private readonly sealer: SecretSealer,
  ) {}

  /**
   * Null when there is no such gateway.
   *
   * @throws {SecretNotReadable}
   */
  async get(gatewayId: string): Promise<GatewayAdmission | null> {
    const row = await this.db
      .selectFrom('gateway_view')
      .leftJoin('gateway_authentication_secret as secret', 'secret.gateway_id', 'gateway_view.gateway_id')
      .select([
        'gateway_view.product_key as productKey',
        'gateway_view.stream_version as version',
        'gateway_view.authentication',
        'gateway_view.x509_enabled as isX509Enabled',
        'gateway_view.common_name_must_equal_username as commonNameMustEqualUsername',
        'secret.key_id as keyId',
        'secret.sealed_access_key_secret as sealed',
      ])
      .where('gateway_view.gateway_id', '=', gatewayId)
      .executeTakeFirst();
    if (row === undefined) return null;
    const { productKey, version, authentication, isX509Enabled, commonNameMustEqualUsername } = row;
    const { keyId, sealed } = row;
    return {
      gatewayId,
      productKey,
      version,
      authentication,
      accessKeySecret:
        keyId === null || sealed === null
          ? null
          : this.sealer.open({ keyId, sealed }, placeOfAccessKeySecret(gatewayId)),
      x509: { enabled: isX509Enabled, commonNameMustEqualUsername },
    };
  }
}

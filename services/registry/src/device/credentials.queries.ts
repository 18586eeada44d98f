import type { findCredential, ReplyOf } from '@gatehouse/contracts';
import type { RegistryDb } from '../schema/registry-database.ts';

/** What auth judges a user name by. */
export class CredentialQueries {
  constructor(private readonly db: RegistryDb) {}

  /** One statement, on the path of every CONNECT. */
  async find(gatewayId: string, username: string): Promise<ReplyOf<typeof findCredential>> {
    const row = await this.db
      .selectFrom('gateway_view')
      .leftJoin('device_view', (join) =>
        join
          .onRef('device_view.product_key', '=', 'gateway_view.product_key')
          .on('device_view.device_name', '=', username),
      )
      .leftJoin('device_secret', (join) =>
        join
          .onRef('device_secret.product_key', '=', 'device_view.product_key')
          .onRef('device_secret.device_name', '=', 'device_view.device_name'),
      )
      .select(['gateway_view.product_key', 'device_view.is_disabled', 'device_secret.password'])
      .where('gateway_view.gateway_id', '=', gatewayId)
      .executeTakeFirst();
    if (row === undefined) return { outcome: 'unknown-gateway' };
    const { product_key: productKey, is_disabled: isDisabled, password } = row;
    if (isDisabled === null || password === null) return { outcome: 'unknown-device', productKey };
    return { outcome: 'found', productKey, deviceName: username, isDisabled, password };
  }
}

import type { findCredential, ReplyOf } from '@gatehouse/contracts';
import type { RegistryDb } from '../schema/registry-database.ts';
import type { DeviceSecrets } from './device-secrets.ts';

/** What auth judges a user name by. */
export class CredentialQueries {
  constructor(
    private readonly db: RegistryDb,
    private readonly secrets: DeviceSecrets,
  ) {}

  /**
   * One statement, on the path of every CONNECT.
   *
   * @throws {SecretNotReadable}
   */
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
      .select([
        'gateway_view.product_key as productKey',
        'gateway_view.authentication',
        'device_view.is_disabled as isDisabled',
        'device_view.credential_version as credentialVersion',
        'device_secret.key_id as keyId',
        'device_secret.sealed_password as sealed',
      ])
      .where('gateway_view.gateway_id', '=', gatewayId)
      .executeTakeFirst();
    if (row === undefined) return { outcome: 'unknown-gateway' };
    const { productKey, authentication, isDisabled, credentialVersion, keyId, sealed } = row;
    // Where an authenticator decides, an imported password is worth nothing.
    const isJudgedHere = authentication.type === 'one-way';
    if (
      !isJudgedHere ||
      isDisabled === null ||
      credentialVersion === null ||
      keyId === null ||
      sealed === null
    ) {
      return { outcome: 'unknown-device', productKey };
    }
    const device = { productKey, deviceName: username };
    return {
      outcome: 'found',
      ...device,
      isDisabled,
      credentialVersion,
      password: this.secrets.open(device, { keyId, sealed }),
    };
  }
}

import { placeOfAccessKeySecret } from '../gateway/gateway-secrets.ts';
import { authorityStream, deviceStream, gatewayStream } from '../stream-names.ts';

/** Where sealed secrets stand. Each table also has the column `key_id`. */
export interface SealedColumn {
  readonly table: string;
  /** The table's primary key. */
  readonly idColumns: readonly string[];
  readonly sealedColumn: string;
  /** What the secret of a row was sealed for. */
  readonly placeOf: (id: readonly string[]) => string;
}

/** All of them: a key rotation leaves out none. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    table: 'gateway_secret',
    idColumns: ['gateway_id', 'fingerprint'],
    sealedColumn: 'sealed_private_key',
    placeOf: ([gatewayId = '']) => gatewayStream(gatewayId),
  },
  {
    table: 'gateway_authentication_secret',
    idColumns: ['gateway_id'],
    sealedColumn: 'sealed_access_key_secret',
    placeOf: ([gatewayId = '']) => placeOfAccessKeySecret(gatewayId),
  },
  {
    table: 'device_secret',
    idColumns: ['product_key', 'device_name'],
    sealedColumn: 'sealed_password',
    placeOf: ([productKey = '', deviceName = '']) => deviceStream(productKey, deviceName),
  },
  {
    table: 'authority_secret',
    idColumns: ['authority_id'],
    sealedColumn: 'sealed_private_key',
    placeOf: ([authorityId = '']) => authorityStream(authorityId),
  },
];

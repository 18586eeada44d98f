import { gatewayStream } from '../stream-names.ts';

/** Where sealed secrets stand. Each table also has the column `key_id`. */
export interface SealedColumn {
  readonly table: string;
  readonly idColumn: string;
  readonly sealedColumn: string;
  /** What the secret of a row was sealed for. */
  readonly placeOf: (id: string) => string;
}

/** All of them: a key rotation leaves out none. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    table: 'gateway_secret',
    idColumn: 'gateway_id',
    sealedColumn: 'sealed_private_key',
    placeOf: gatewayStream,
  },
];

import type { RevocationReason } from '@gatehouse/contracts';
import type { ColumnType } from 'kysely';

type Instant = ColumnType<Date, Date, Date>;

/** A view. */
export interface AuthorityViewTable {
  authority_id: string;
  common_name: string;
  /** PEM. */
  certificate: string;
  not_after: Instant;
  created_at: Instant;
  /** How many of its certificates were revoked so far: tells whether a list is complete. */
  revocations: number;
}

/** A view. */
export interface IssuedCertificateViewTable {
  authority_id: string;
  /** Lower-case hexadecimal. */
  serial_number: string;
  common_name: string;
  usage: 'client' | 'server';
  /** PEM. */
  certificate: string;
  not_before: Instant;
  not_after: Instant;
  revoked_at: ColumnType<Date | null, Date | null, Date | null>;
  revocation_reason: RevocationReason | null;
}

/** Not a view: sealed private keys of authorities, which the log never holds. */
export interface AuthoritySecretTable {
  authority_id: string;
  key_id: string;
  sealed_private_key: string;
}

/** Not a view: the newest list of each authority, whose number must grow. */
export interface AuthorityRevocationListTable {
  authority_id: string;
  number: number;
  /** Revocations that it knows of. */
  revocations: number;
  /** DER. */
  list: Buffer;
  this_update: Instant;
  next_update: Instant;
}

export interface AuthorityTables {
  authority_view: AuthorityViewTable;
  issued_certificate_view: IssuedCertificateViewTable;
  authority_secret: AuthoritySecretTable;
  authority_revocation_list: AuthorityRevocationListTable;
}

import type {
  ApiKeyRole,
  CertificateFacts,
  DeviceStatus,
  GatewayAuthentication,
  GatewayLimits,
  GatewayRevocation,
  GatewayTls,
  OcspMode,
  OnParsingFailure,
  ScriptLanguage,
  TopicPermission,
  TopicSpace,
} from '@gatehouse/contracts';
import type { EventStoreTables } from '@gatehouse/event-store';
import { key } from '@gatehouse/nest';
import type { ColumnType, Kysely, Transaction } from 'kysely';
import type { NoticedExpiries } from '../gateway/certificate-expiry.ts';
import type { DeviceRoot } from '../gateway/device-roots.ts';
import type { AuthorityTables } from './authority-tables.ts';

type Instant = ColumnType<Date, Date, Date>;
type InstantOrNull = ColumnType<Date | null, Date | null, Date | null>;
/** Read as a value, written as JSON text. */
type Json<T> = ColumnType<T, string, string>;
type JsonOrNull<T> = ColumnType<T | null, string | null, string | null>;

/** A view: rows that the log makes; see `rebuild-views.ts`. */
export interface GatewayViewTable {
  gateway_id: string;
  stream_version: number;
  name: string;
  port: number;
  hostname: string | null;
  topic_space: TopicSpace;
  parsing_enabled: boolean;
  on_parsing_failure: OnParsingFailure;
  authentication: Json<GatewayAuthentication>;
  x509_enabled: boolean;
  common_name_must_equal_username: boolean;
  /** Version of the last event that changed who is admitted. */
  admission_version: number;
  permissions: Json<TopicPermission[]>;
  ocsp: OcspMode;
  revocation: Json<GatewayRevocation>;
  tls: Json<GatewayTls>;
  limits: Json<GatewayLimits>;
  server_certificate: string;
  server_certificate_chain: Json<CertificateFacts[]>;
  alternative_server_certificate: string | null;
  alternative_server_certificate_chain: JsonOrNull<CertificateFacts[]>;
  device_roots: Json<DeviceRoot[]>;
  /** PEM of the device roots that are switched on. */
  device_root_certificate: string | null;
  trusted_certificate: string | null;
  trusted_certificate_chain: JsonOrNull<CertificateFacts[]>;
  expiry_noticed: Json<NoticedExpiries>;
  product_key: string;
  product_name: string;
  created_at: Instant;
  updated_at: Instant;
}

/** A view: the server chains in force and those before them that can be taken into use again. */
export interface GatewayGenerationViewTable {
  gateway_id: string;
  /** Version of the gateway at which they were first taken into use. */
  stream_version: number;
  used_from: Instant;
  server_certificate: string;
  alternative_server_certificate: string | null;
}

/** Not a view: sealed private keys of server certificates, which the log never holds. */
export interface GatewaySecretTable {
  gateway_id: string;
  /** Of the certificate that the key belongs to: SHA-256 of the DER, hexadecimal. */
  fingerprint: string;
  key_id: string;
  sealed_private_key: string;
}

/** Not a view: what a gateway's authentication needs and the log never holds. */
export interface GatewayAuthenticationSecretTable {
  gateway_id: string;
  key_id: string;
  sealed_access_key_secret: string;
}

/** A view. */
export interface ProductViewTable {
  product_key: string;
  name: string;
  gateway_id: string;
  created_at: Instant;
}

/** A view; with its stream's version it is what device commands decide on, so no history is replayed. */
export interface DeviceViewTable {
  product_key: string;
  device_name: string;
  stream_version: number;
  serial_number: string | null;
  is_disabled: boolean;
  /** `stream_version` at which the credentials were set last. */
  credential_version: number;
  is_online: boolean;
  /** Number of the newest session seen; 0 before the first. */
  session: ColumnType<string, number, number>;
  /** Sessions whose end has not been seen, oldest first. */
  open_sessions: ColumnType<number[], string, string>;
  gateway_id: string | null;
  edge_id: string | null;
  client_id: string | null;
  remote_address: string | null;
  protocol_version: number | null;
  created_at: Instant;
  activated_at: InstantOrNull;
  last_online_at: InstantOrNull;
  last_offline_at: InstantOrNull;
  updated_at: Instant;
  /** Derived by the database from the columns above. */
  status: ColumnType<DeviceStatus, never, never>;
}

/** Not a view: sealed password hashes, which the log never holds. */
export interface DeviceSecretTable {
  product_key: string;
  device_name: string;
  key_id: string;
  sealed_password: string;
}

/** Not a view: what became of each call of devices:import. */
export interface DeviceImportTable {
  import_id: string;
  product_key: string;
  state: 'running' | 'succeeded' | 'failed';
  is_dry_run: boolean;
  actor: string;
  rows: number;
  rows_done: ColumnType<number, number | undefined, number>;
  imported: ColumnType<number, number | undefined, number>;
  invalid_rows: ColumnType<number, number | undefined, number>;
  failure_code: string | null;
  failure_message: string | null;
  has_kept_rows: ColumnType<boolean, boolean | undefined, boolean>;
  started_at: ColumnType<Date, Date | undefined, never>;
  /** When the instance that runs it was last heard of. */
  seen_at: ColumnType<Date, Date | undefined, Date>;
  finished_at: InstantOrNull;
}

/** One thing that was wrong with a row of an import; passwords are never kept. */
export interface DeviceImportInvalidRowTable {
  import_id: string;
  number: number;
  line: number;
  username: string;
  serial_number: string | null;
  field: string;
  reason: string;
}

/** A view: what a product's parsing script has come to. */
export interface ParsingScriptViewTable {
  product_key: string;
  stream_version: number;
  newest_version: number;
  version_in_force: number;
  /** Both or neither. */
  canary_version: number | null;
  canary_percent: number | null;
}

/** A view. */
export interface ParsingVersionViewTable {
  product_key: string;
  version: number;
  language: ScriptLanguage;
  code: string;
  submitted_at: Instant;
  submitted_by: string;
}

/** Not a view: a working copy becomes a fact when it is submitted. */
export interface ParsingDraftTable {
  product_key: string;
  language: ScriptLanguage;
  code: string;
  saved_at: ColumnType<Date, Date | undefined, Date>;
  saved_by: string;
}

/** Not a view: hashes of API keys in use, which the log never holds; a revoked key has no row. */
export interface ApiKeyTable {
  api_key_id: string;
  name: string;
  role: ApiKeyRole;
  /** SHA-256 of the key. */
  hash: Buffer;
  created_at: ColumnType<Date, Date | undefined, never>;
  created_by: string;
}

/** Answers of commands that came with an Idempotency-Key. */
export interface IdempotentCommandTable {
  actor: string;
  key: string;
  command_hash: string;
  answer: ColumnType<unknown, string | null, string | null>;
  created_at: ColumnType<Date, Date | undefined, never>;
}

export interface RegistryDatabase extends EventStoreTables, AuthorityTables {
  gateway_view: GatewayViewTable;
  gateway_generation_view: GatewayGenerationViewTable;
  gateway_secret: GatewaySecretTable;
  gateway_authentication_secret: GatewayAuthenticationSecretTable;
  product_view: ProductViewTable;
  device_view: DeviceViewTable;
  device_secret: DeviceSecretTable;
  device_import: DeviceImportTable;
  device_import_invalid_row: DeviceImportInvalidRowTable;
  parsing_script_view: ParsingScriptViewTable;
  parsing_version_view: ParsingVersionViewTable;
  parsing_draft: ParsingDraftTable;
  idempotent_command: IdempotentCommandTable;
  api_key: ApiKeyTable;
}

export type RegistryDb = Kysely<RegistryDatabase>;
export type RegistryTransaction = Transaction<RegistryDatabase>;
export const REGISTRY_DB = key<RegistryDb>('REGISTRY_DB');

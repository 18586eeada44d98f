import {
  importResult,
  MAX_IMPORT_ROWS,
  type ImportResult,
  type ImportRowError,
  type PasswordHash,
} from '@gatehouse/contracts';
import { sql } from 'kysely';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandAttempt, CommandTransactions } from '../commands/command-transactions.ts';
import { requireProduct } from '../product/require-product.ts';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { hashPasswords } from '../secrets/password-hasher.ts';
import { deviceStream } from '../stream-names.ts';
import { importErrors, takenErrors, type ImportRow } from './device-import.ts';
import { deviceKeyText } from './device-rows.ts';
import { loadDeviceStates } from './device-states.ts';
import { deviceDecider } from './device.decider.ts';
import { ImportRowsInvalid, ImportTooLarge } from './device.failures.ts';

/** Imports devices in batches, all or none. */
export class DeviceImporter {
  constructor(private readonly transactions: CommandTransactions) {}

  /** Everything that an import of these rows would refuse. */
  async check(productKey: string, rows: readonly ImportRow[], actor: string): Promise<ImportRowError[]> {
    if (rows.length > MAX_IMPORT_ROWS) throw new ImportTooLarge(rows.length, MAX_IMPORT_ROWS);
    const taken = await this.transactions.transact(actor, async ({ db }) => {
      await requireProduct(db, productKey);
      return takenNames(db, productKey, rows);
    });
    return inOrderOfLines([...importErrors(rows), ...takenErrors(rows, taken)]);
  }

  /** @throws {ProductNotFound | ImportTooLarge | ImportRowsInvalid} */
  async import(
    productKey: string,
    rows: readonly ImportRow[],
    context: CommandContext,
  ): Promise<ImportResult> {
    const description = { name: 'ImportDevices', input: { productKey, rows }, answer: importResult };
    const earlier = await this.transactions.earlierAnswer(description, context);
    if (earlier !== undefined) return earlier;
    refuseErrors(await this.check(productKey, rows, context.actor));
    // Hashing takes seconds, and an open transaction would hold back every reader of the log.
    const passwords = await hashPasswords(rows.map(({ password }) => password));
    return this.transactions.run(description, context, async (attempt) => {
      await requireProduct(attempt.db, productKey);
      // Another import may have been faster.
      refuseErrors(takenErrors(rows, await takenNames(attempt.db, productKey, rows)));
      await appendImported(attempt, productKey, rows);
      await keepPasswords(attempt.db, productKey, rows, passwords);
      return { dryRun: false, rows: rows.length, imported: rows.length, errors: [] };
    });
  }
}

async function appendImported(
  attempt: CommandAttempt,
  productKey: string,
  rows: readonly ImportRow[],
): Promise<void> {
  const devices = rows.map(({ username, sn }) => ({
    productKey,
    deviceName: username,
    serialNumber: sn ?? null,
  }));
  const states = await loadDeviceStates(attempt.db, devices);
  await attempt.append(
    ...devices.map((device) => {
      const { state, version } = states.get(deviceKeyText(device)) ?? {
        state: deviceDecider.initialState,
        version: 0,
      };
      return {
        streamId: deviceStream(productKey, device.deviceName),
        expectedVersion: version,
        events: deviceDecider.decide({ type: 'ImportDevice', ...device }, state),
      };
    }),
  );
}

async function keepPasswords(
  db: RegistryTransaction,
  productKey: string,
  rows: readonly ImportRow[],
  passwords: readonly PasswordHash[],
): Promise<void> {
  await sql`
    insert into device_secret (product_key, device_name, password)
    select ${productKey}, device_name, password
    from unnest(
      ${rows.map(({ username }) => username)}::text[],
      ${passwords.map((password) => JSON.stringify(password))}::jsonb[]
    ) as new (device_name, password)`.execute(db);
}

async function takenNames(
  db: RegistryTransaction,
  productKey: string,
  rows: readonly ImportRow[],
): Promise<Set<string>> {
  const taken = await db
    .selectFrom('device_view')
    .select('device_name')
    .where('product_key', '=', productKey)
    .where('device_name', '=', sql<string>`any(${rows.map(({ username }) => username)}::text[])`)
    .execute();
  return new Set(taken.map(({ device_name }) => device_name));
}

function refuseErrors(errors: readonly ImportRowError[]): void {
  if (errors.length === 0) return;
  throw new ImportRowsInvalid(
    errors.map(({ line, field, reason }) => ({ path: `line ${line}.${field}`, message: reason })),
  );
}

function inOrderOfLines(errors: readonly ImportRowError[]): ImportRowError[] {
  return errors.toSorted((one, other) => one.line - other.line);
}

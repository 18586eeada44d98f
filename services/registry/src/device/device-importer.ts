import { setImmediate as nextTurn } from 'node:timers/promises';
import { importResult, MAX_IMPORT_ROWS, type ImportResult, type ImportRowError } from '@gatehouse/contracts';
import { streamVersions } from '@gatehouse/event-store';
import { sql } from 'kysely';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandAttempt, CommandTransactions } from '../commands/command-transactions.ts';
import { requireProduct } from '../product/require-product.ts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { hashPasswords } from '../secrets/password-hasher.ts';
import type { SealedSecret } from '../secrets/sealed-secret.ts';
import { deviceStream } from '../stream-names.ts';
import type { DeviceImports } from './device-imports.ts';
import type { ImportRow } from './device-import.ts';
import { deviceKeyText, insertNewDeviceRows, type DeviceKey, type NewDevice } from './device-rows.ts';
import type { DeviceSecrets } from './device-secrets.ts';
import { loadDeviceStates } from './device-states.ts';
import { deviceDecider } from './device.decider.ts';
import {
  DeviceNameTaken,
  ImportEmpty,
  ImportRowsInvalid,
  ImportsExceeded,
  ImportTooLarge,
} from './device.failures.ts';
import { ImportCheck, takenErrors } from './import-check.ts';

export interface DeviceImporterParts {
  readonly db: RegistryDb;
  readonly transactions: CommandTransactions;
  readonly imports: DeviceImports;
  readonly secrets: DeviceSecrets;
  /** N of scrypt, a power of two. */
  readonly passwordCost: number;
}

/** Each holds its rows in memory, and a connection to the database in the end. */
const IMPORTS_AT_ONCE = 4;
/** Between two pieces other requests get their turn. */
const ROWS_A_PIECE = 500;
const PROGRESS_EVERY_MS = 500;

/** Imports devices in batches, all or none. */
export class DeviceImporter {
  #running = 0;

  constructor(private readonly parts: DeviceImporterParts) {}

  /**
   * A dry run answers with the errors and imports nothing; a real one refuses.
   *
   * @throws {ProductNotFound | ImportEmpty | ImportTooLarge | ImportRowsInvalid | ImportsExceeded}
   */
  async import(
    productKey: string,
    rows: readonly ImportRow[],
    { dryRun }: { readonly dryRun: boolean },
    context: CommandContext,
  ): Promise<ImportResult> {
    if (rows.length === 0) throw new ImportEmpty();
    if (rows.length > MAX_IMPORT_ROWS) throw new ImportTooLarge(rows.length, MAX_IMPORT_ROWS);
    if (this.#running >= IMPORTS_AT_ONCE) throw new ImportsExceeded(IMPORTS_AT_ONCE);
    this.#running += 1;
    try {
      return dryRun
        ? await this.#dryRun(productKey, rows, context.actor)
        : await this.#importOnce(productKey, rows, context);
    } finally {
      this.#running -= 1;
    }
  }

  #dryRun(productKey: string, rows: readonly ImportRow[], actor: string): Promise<ImportResult> {
    return this.#asOperation({ productKey, rows, isDryRun: true, actor }, async (importId) => {
      const errors = await this.#errorsOf(productKey, rows);
      await this.parts.imports.keepInvalidRows(importId, rows, errors);
      await this.parts.imports.succeed(this.parts.db, importId, 0);
      return { importId, dryRun: true, rows: rows.length, imported: 0, errors };
    });
  }

  async #importOnce(
    productKey: string,
    rows: readonly ImportRow[],
    context: CommandContext,
  ): Promise<ImportResult> {
    const { transactions, imports, secrets } = this.parts;
    const description = { name: 'ImportDevices', input: { productKey, rows }, answer: importResult };
    const earlier = await transactions.earlierAnswer(description, context);
    if (earlier !== undefined) return earlier;
    const operation = { productKey, rows, isDryRun: false, actor: context.actor };
    return this.#asOperation(operation, async (importId) => {
      refuseErrors(importId, await this.#errorsOf(productKey, rows));
      // Hashing takes a while, and an open transaction would hold back every reader of the log.
      const sealed = await this.#sealedPasswords(importId, productKey, rows);
      const answer = await transactions.run(description, context, async (attempt) => {
        await requireProduct(attempt.db, productKey);
        // Another import may have been faster: before this transaction, or while it reads.
        const refuseTaken = async (): Promise<void> =>
          refuseErrors(importId, takenErrors(rows, await takenNames(attempt.db, productKey, rows)));
        await refuseTaken();
        await appendImported(attempt, productKey, rows).catch(async (error: unknown) => {
          if (error instanceof DeviceNameTaken) await refuseTaken();
          throw error;
        });
        const names = rows.map(({ username }) => username);
        await secrets.keepNew(attempt.db, productKey, names, sealed);
        await imports.succeed(attempt.db, importId, rows.length);
        return { importId, dryRun: false, rows: rows.length, imported: rows.length, errors: [] };
      });
      if (answer.importId !== importId) await imports.forget(importId);
      return answer;
    });
  }

  /** Runs the work of an import as an operation that can be looked at. */
  async #asOperation(
    {
      rows,
      ...operation
    }: {
      readonly productKey: string;
      readonly rows: readonly ImportRow[];
      readonly isDryRun: boolean;
      readonly actor: string;
    },
    work: (importId: string) => Promise<ImportResult>,
  ): Promise<ImportResult> {
    const { db, imports } = this.parts;
    await db.transaction().execute((transaction) => requireProduct(transaction, operation.productKey));
    const importId = await imports.begin({ ...operation, rows: rows.length });
    try {
      return await work(importId);
    } catch (error) {
      // Without the database this fails too; then the operation is seen to be interrupted.
      await this.#noteFailure(importId, rows, error).catch(() => undefined);
      throw error;
    }
  }

  async #noteFailure(importId: string, rows: readonly ImportRow[], error: unknown): Promise<void> {
    if (error instanceof ImportRowsInvalid) {
      await this.parts.imports.keepInvalidRows(importId, rows, error.rowErrors);
    }
    await this.parts.imports.fail(importId, error);
  }

  /** Everything that an import of these rows would refuse, in the order of lines. */
  async #errorsOf(productKey: string, rows: readonly ImportRow[]): Promise<ImportRowError[]> {
    const check = new ImportCheck();
    const errors: ImportRowError[] = [];
    for (const piece of piecesOf(rows)) {
      errors.push(...check.errorsOf(piece));
      await nextTurn();
    }
    errors.push(...takenErrors(rows, await takenNames(this.parts.db, productKey, rows)));
    return errors.toSorted((one, other) => one.line - other.line);
  }

  async #sealedPasswords(
    importId: string,
    productKey: string,
    rows: readonly ImportRow[],
  ): Promise<SealedSecret[]> {
    const { imports, secrets, passwordCost } = this.parts;
    const sealed: SealedSecret[] = [];
    let done = 0;
    const reporting = setInterval(() => {
      // Progress that is not written is made up by the next.
      imports.progress(importId, done).catch(() => undefined);
    }, PROGRESS_EVERY_MS);
    try {
      await hashPasswords(
        rows.map(({ password }) => password),
        {
          cost: passwordCost,
          onHashed: (index, hash) => {
            const deviceName = rows[index]?.username ?? '';
            sealed[index] = secrets.seal({ productKey, deviceName }, hash);
            done += 1;
          },
        },
      );
    } finally {
      clearInterval(reporting);
    }
    await imports.progress(importId, done);
    return sealed;
  }
}

/** Nearly all names are new; a name that a device had before goes on with that device's stream. */
async function appendImported(
  attempt: CommandAttempt,
  productKey: string,
  rows: readonly ImportRow[],
): Promise<void> {
  const devices = rows.map(({ username, sn }) => ({
    productKey,
    deviceName: username,
    serialNumber: sn ?? null,
    streamId: deviceStream(productKey, username),
  }));
  const former = await streamVersions(
    attempt.db,
    devices.map(({ streamId }) => streamId),
  );
  const ofNewName = devices.filter(({ streamId }) => !former.has(streamId));
  await attempt.beginStreams(
    ofNewName.flatMap(({ streamId, ...device }) =>
      deviceDecider
        .decide({ type: 'ImportDevice', ...device }, deviceDecider.initialState)
        .map((event) => ({ streamId, event })),
    ),
  );
  await insertNewDeviceRows(attempt.db, productKey, ofNewName);
  await appendToFormer(
    attempt,
    devices.filter(({ streamId }) => former.has(streamId)),
  );
}

async function appendToFormer(
  attempt: CommandAttempt,
  devices: readonly (DeviceKey & NewDevice & { readonly streamId: string })[],
): Promise<void> {
  if (devices.length === 0) return;
  const states = await loadDeviceStates(attempt.db, devices);
  await attempt.append(
    ...devices.map(({ streamId, ...device }) => {
      const { state, version } = states.get(deviceKeyText(device)) ?? {
        state: deviceDecider.initialState,
        version: 0,
      };
      return {
        streamId,
        expectedVersion: version,
        events: deviceDecider.decide({ type: 'ImportDevice', ...device }, state),
      };
    }),
  );
}

async function takenNames(
  db: RegistryDb,
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

function refuseErrors(importId: string, errors: readonly ImportRowError[]): void {
  if (errors.length > 0) throw new ImportRowsInvalid(importId, errors);
}

function* piecesOf(rows: readonly ImportRow[]): Generator<readonly ImportRow[]> {
  for (let start = 0; start < rows.length; start += ROWS_A_PIECE) {
    yield rows.slice(start, start + ROWS_A_PIECE);
  }
}

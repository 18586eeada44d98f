import {
  deviceName,
  devicePassword,
  deviceSerialNumber,
  type DeviceImportInput,
  type ImportRowError,
} from '@gatehouse/contracts';
import type { z } from 'zod';
import { csvRecords } from './csv.ts';
import { ImportCsvMalformed } from './device.failures.ts';

/** A row to import, unchecked; `line` counts from 1: in JSON the row, in CSV the line of the file. */
export interface ImportRow {
  readonly line: number;
  readonly username: string;
  readonly password: string;
  readonly sn: string | undefined;
}

export function importRowsOfJson(input: DeviceImportInput): ImportRow[] {
  return input.devices.map(({ username, password, sn }, index) => ({
    line: index + 1,
    username,
    password,
    sn: sn ?? undefined,
  }));
}

const HEADER = ['UserName', 'Password', 'SN'];

/**
 * The rows of the reference platform's CSV template: header `UserName,Password,SN`; SN may be empty or left out.
 *
 * @throws {ImportCsvMalformed} when it is not CSV, or does not begin with that header
 */
export function importRowsOfCsv(text: string): ImportRow[] {
  const [header, ...records] = csvRecords(text);
  const columns = header?.fields.map((field) => field.trim().toLowerCase()) ?? [];
  const isHeader =
    columns.length >= 2 && HEADER.slice(0, columns.length).join().toLowerCase() === columns.join();
  if (!isHeader || columns.length > HEADER.length) {
    throw new ImportCsvMalformed(header?.line ?? 1, `must be the header ${HEADER.join(',')}`);
  }
  return records.map(({ line, fields }) => {
    if (fields.length > HEADER.length) {
      throw new ImportCsvMalformed(line, `has ${fields.length} fields; there are ${HEADER.length}`);
    }
    const [username = '', password = '', sn = ''] = fields;
    return { line, username, password, sn: sn === '' ? undefined : sn };
  });
}

const MAX_SHOWN_CHARACTERS = 64;

/** Everything that is wrong with the rows themselves, in the order of the rows. */
export function importErrors(rows: readonly ImportRow[]): ImportRowError[] {
  const firstLines = new Map<string, number>();
  return rows.flatMap((row) => {
    const errors = [
      ...fieldErrors(row, 'username', deviceName, row.username),
      ...fieldErrors(row, 'password', devicePassword, row.password),
      ...(row.sn === undefined ? [] : fieldErrors(row, 'sn', deviceSerialNumber, row.sn)),
    ];
    const firstLine = firstLines.get(row.username);
    if (firstLine === undefined) firstLines.set(row.username, row.line);
    else errors.push(rowError(row, 'username', `is on line ${firstLine} already`));
    return errors;
  });
}

/** The rows whose user name a device of the product has. */
export function takenErrors(rows: readonly ImportRow[], takenNames: ReadonlySet<string>): ImportRowError[] {
  return rows
    .filter(({ username }) => takenNames.has(username))
    .map((row) => rowError(row, 'username', 'is taken by a device of this product'));
}

function fieldErrors(
  row: ImportRow,
  field: ImportRowError['field'],
  schema: z.ZodType,
  value: string,
): ImportRowError[] {
  if (value === '') return [rowError(row, field, 'is missing')];
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map(({ message }) => rowError(row, field, message));
}

function rowError(row: ImportRow, field: ImportRowError['field'], reason: string): ImportRowError {
  return { line: row.line, field, username: row.username.slice(0, MAX_SHOWN_CHARACTERS), reason };
}

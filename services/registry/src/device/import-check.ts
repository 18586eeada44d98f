import { deviceName, devicePassword, deviceSerialNumber, type ImportRowError } from '@gatehouse/contracts';
import type { z } from 'zod';
import { placeOfRow, type ImportRow } from './device-import.ts';

const MAX_SHOWN_CHARACTERS = 64;

/** Says what is wrong with the rows of one import, which may come in pieces. */
export class ImportCheck {
  readonly #firsts = new Map<string, string>();

  /** Everything that is wrong with the rows themselves, in the order of the rows. */
  errorsOf(rows: readonly ImportRow[]): ImportRowError[] {
    return rows.flatMap((row) => {
      if (row.fault !== undefined) return [rowError(row, 'row', row.fault)];
      const errors = [
        ...fieldErrors(row, 'username', deviceName, row.username),
        ...fieldErrors(row, 'password', devicePassword, row.password),
        ...(row.sn === undefined ? [] : fieldErrors(row, 'sn', deviceSerialNumber, row.sn)),
      ];
      const first = this.#firsts.get(row.username);
      if (first === undefined) this.#firsts.set(row.username, placeOfRow(row));
      else errors.push(rowError(row, 'username', `is at ${first} already`));
      return errors;
    });
  }
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
  const username = row.username.slice(0, MAX_SHOWN_CHARACTERS);
  return { path: pathOf(row, field), line: row.line, field, username, reason };
}

function pathOf(row: ImportRow, field: ImportRowError['field']): string {
  if (field === 'row') return placeOfRow(row);
  return `${placeOfRow(row)}${row.index === undefined ? ', ' : '.'}${field}`;
}

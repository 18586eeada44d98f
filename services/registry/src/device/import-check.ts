import { deviceName, devicePassword, deviceSerialNumber, type ImportRowError } from '@gatehouse/contracts';
import type { z } from 'zod';
import type { ImportRow } from './device-import.ts';

const MAX_SHOWN_CHARACTERS = 64;

/** Says what is wrong with the rows of one import, which may come in pieces. */
export class ImportCheck {
  readonly #firstLines = new Map<string, number>();

  /** Everything that is wrong with the rows themselves, in the order of the rows. */
  errorsOf(rows: readonly ImportRow[]): ImportRowError[] {
    return rows.flatMap((row) => {
      const errors = [
        ...fieldErrors(row, 'username', deviceName, row.username),
        ...fieldErrors(row, 'password', devicePassword, row.password),
        ...(row.sn === undefined ? [] : fieldErrors(row, 'sn', deviceSerialNumber, row.sn)),
      ];
      const firstLine = this.#firstLines.get(row.username);
      if (firstLine === undefined) this.#firstLines.set(row.username, row.line);
      else errors.push(rowError(row, 'username', `is on line ${firstLine} already`));
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
  return { line: row.line, field, username: row.username.slice(0, MAX_SHOWN_CHARACTERS), reason };
}

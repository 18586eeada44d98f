import type { DeviceImportInput } from '@gatehouse/contracts';
import { csvRecords, type CsvRecord } from './csv.ts';
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

const COLUMNS = ['UserName', 'Password', 'SN'] as const;
const COLUMN_OF_NAME: ReadonlyMap<string, string> = new Map(
  COLUMNS.map((name) => [name.toLowerCase(), name]),
);

/**
 * The rows of the reference platform's CSV template: a header with UserName, Password and SN in any order and
 * case; SN may be empty, or its column left out.
 *
 * @throws {ImportCsvMalformed} when it is not CSV, or does not begin with such a header
 */
export function importRowsOfCsv(text: string): ImportRow[] {
  const [header, ...records] = csvRecords(text);
  const columns = columnsOf(header);
  const fieldOf = ({ fields }: CsvRecord, name: (typeof COLUMNS)[number]): string =>
    fields[columns.indexOf(name)] ?? '';
  return records.map((record) => {
    if (record.fields.length > columns.length) {
      throw new ImportCsvMalformed(
        record.line,
        `has ${record.fields.length} fields; the header has ${columns.length}`,
      );
    }
    const sn = fieldOf(record, 'SN');
    return {
      line: record.line,
      username: fieldOf(record, 'UserName'),
      password: fieldOf(record, 'Password'),
      sn: sn === '' ? undefined : sn,
    };
  });
}

function columnsOf(header: CsvRecord | undefined): (string | undefined)[] {
  const columns = (header?.fields ?? []).map((name) => COLUMN_OF_NAME.get(name.trim().toLowerCase()));
  const isComplete =
    columns.includes('UserName') &&
    columns.includes('Password') &&
    !columns.includes(undefined) &&
    new Set(columns).size === columns.length;
  if (isComplete) return columns;
  throw new ImportCsvMalformed(
    header?.line ?? 1,
    `must be the header ${COLUMNS.join(',')}; SN may be left out`,
  );
}

import type { DeviceImportInput } from '@gatehouse/contracts';
import { csvRecords, type CsvRecord } from './csv.ts';
import { ImportCsvMalformed } from './device.failures.ts';

/** A row to import, unchecked. */
export interface ImportRow {
  /** Counts from 1: in JSON the row, in CSV the line of the file. */
  readonly line: number;
  /** Of a row of JSON: its place in the list, from 0. */
  readonly index?: number;
  /** Why the row cannot be read; its fields are what could be read of it. */
  readonly fault?: string;
  readonly username: string;
  readonly password: string;
  readonly sn: string | undefined;
}

export function importRowsOfJson(input: DeviceImportInput): ImportRow[] {
  return input.devices.map(({ username, password, sn }, index) => ({
    line: index + 1,
    index,
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
    const sn = fieldOf(record, 'SN');
    return {
      line: record.line,
      username: fieldOf(record, 'UserName'),
      password: fieldOf(record, 'Password'),
      sn: sn === '' ? undefined : sn,
      ...(record.fields.length > columns.length
        ? { fault: `has ${record.fields.length} fields, and the header ${columns.length}` }
        : {}),
    };
  });
}

/** Where a row stands, as whoever wrote it counts. */
export const placeOfRow = ({ line, index }: Pick<ImportRow, 'line' | 'index'>): string =>
  index === undefined ? `line ${line}` : `devices[${index}]`;

function columnsOf(header: CsvRecord | undefined): (string | undefined)[] {
  const columns = (header?.fields ?? []).map((name) => COLUMN_OF_NAME.get(name.trim().toLowerCase()));
  const isComplete =
    columns.includes('UserName') &&
    columns.includes('Password') &&
    !columns.includes(undefined) &&
    new Set(columns).size === columns.length;
  if (isComplete) return columns;
  const otherSeparator = separatorOf(header);
  if (otherSeparator !== undefined) {
    throw new ImportCsvMalformed(
      header?.line ?? 1,
      `looks separated by ${otherSeparator}; separate fields by commas, as in ${COLUMNS.join(',')}`,
    );
  }
  throw new ImportCsvMalformed(
    header?.line ?? 1,
    `must be the header ${COLUMNS.join(',')}; SN may be left out`,
  );
}

const OTHER_SEPARATORS: Readonly<Record<string, string>> = { ';': 'semicolons', '\t': 'tabs', '|': 'bars' };

/** What spreadsheets of some countries, and databases, write instead of commas; undefined for commas. */
function separatorOf(header: CsvRecord | undefined): string | undefined {
  const [first = '', ...others] = header?.fields ?? [];
  if (others.length > 0) return undefined;
  return Object.entries(OTHER_SEPARATORS).find(([separator]) => first.includes(separator))?.[1];
}

import type { DeviceImportInput } from '@gatehouse/contracts';

/** A row to import, unchecked; `line` counts from 1. */
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

/** @throws {ImportCsvMalformed} */
export function importRowsOfCsv(text: string): ImportRow[] {
  throw new Error(text);
}

import { expect, test } from 'vitest';
import { importErrors, importRowsOfCsv, importRowsOfJson, takenErrors } from './device-import.ts';

test('the template of the reference platform is read, with and without serial numbers', () => {
  const rows = importRowsOfCsv(
    '\uFEFFUserName,Password,SN\r\npump-7,secret,SN_1\r\n"pump-8","s:1",\r\npump-9,x\r\n',
  );
  expect(rows).toEqual([
    { line: 2, username: 'pump-7', password: 'secret', sn: 'SN_1' },
    { line: 3, username: 'pump-8', password: 's:1', sn: undefined },
    { line: 4, username: 'pump-9', password: 'x', sn: undefined },
  ]);
});

test.each([
  ['no header', 'pump-7,secret', 1],
  ['nothing', '', 1],
  ['the columns in another order', 'Password,UserName\nx,y', 1],
  ['a column too many', 'UserName,Password,SN,More', 1],
  ['a field too many in a row', 'UserName,Password,SN\na,b,c,d', 2],
])('%s is refused', (_words, text, line) => {
  expect(() => importRowsOfCsv(text)).toThrow(
    expect.objectContaining({ code: 'REGISTRY_IMPORT_CSV_MALFORMED', line }),
  );
});

test('every wrong field of every row is named with its line and reason', () => {
  const rows = importRowsOfJson({
    devices: [
      { username: 'pump-7', password: 'ok', sn: 'SN1' },
      { username: 'p%', password: '', sn: 'a-b' },
      { username: 'pump-7', password: 'x'.repeat(33), sn: null },
    ],
  });
  expect(importErrors(rows)).toEqual([
    { line: 2, field: 'username', username: 'p%', reason: 'must have at least 4 characters' },
    { line: 2, field: 'username', username: 'p%', reason: 'may hold letters, digits, - _ @ . : only' },
    { line: 2, field: 'password', username: 'p%', reason: 'is missing' },
    { line: 2, field: 'sn', username: 'p%', reason: 'may hold letters, digits and _ only' },
    { line: 3, field: 'password', username: 'pump-7', reason: 'must have at most 32 characters' },
    { line: 3, field: 'username', username: 'pump-7', reason: 'is on line 1 already' },
  ]);
});

test('names that differ in case are different names', () => {
  const rows = importRowsOfJson({
    devices: [
      { username: 'pump-7', password: 'x' },
      { username: 'PUMP-7', password: 'x' },
    ],
  });
  expect(importErrors(rows)).toEqual([]);
});

test('names that devices of the product have are named', () => {
  const rows = importRowsOfJson({
    devices: [
      { username: 'pump-7', password: 'x' },
      { username: 'pump-8', password: 'x' },
    ],
  });
  expect(takenErrors(rows, new Set(['pump-8']))).toEqual([
    { line: 2, field: 'username', username: 'pump-8', reason: 'is taken by a device of this product' },
  ]);
});

import { expect, test } from 'vitest';
import { importRowsOfCsv, importRowsOfJson } from './device-import.ts';
import { ImportCheck, takenErrors } from './import-check.ts';

test('every wrong field of every row is named with its place and reason', () => {
  const rows = importRowsOfJson({
    devices: [
      { username: 'pump-7', password: 'ok', sn: 'SN1' },
      { username: 'p%', password: '', sn: 'a-b' },
      { username: 'pump-7', password: 'x'.repeat(33), sn: null },
    ],
  });
  expect(new ImportCheck().errorsOf(rows)).toEqual([
    {
      path: 'devices[1].username',
      line: 2,
      field: 'username',
      username: 'p%',
      reason: 'must have at least 4 characters',
    },
    {
      path: 'devices[1].username',
      line: 2,
      field: 'username',
      username: 'p%',
      reason: 'may hold letters, digits, - _ @ . : only',
    },
    { path: 'devices[1].password', line: 2, field: 'password', username: 'p%', reason: 'is missing' },
    {
      path: 'devices[1].sn',
      line: 2,
      field: 'sn',
      username: 'p%',
      reason: 'may hold letters, digits and _ only',
    },
    {
      path: 'devices[2].password',
      line: 3,
      field: 'password',
      username: 'pump-7',
      reason: 'must have at most 32 characters',
    },
    {
      path: 'devices[2].username',
      line: 3,
      field: 'username',
      username: 'pump-7',
      reason: 'is at devices[0] already',
    },
  ]);
});

test('names that differ in case are different names', () => {
  const rows = importRowsOfJson({
    devices: [
      { username: 'pump-7', password: 'x' },
      { username: 'PUMP-7', password: 'x' },
    ],
  });
  expect(new ImportCheck().errorsOf(rows)).toEqual([]);
});

test('names that devices of the product have are named', () => {
  const rows = importRowsOfJson({
    devices: [
      { username: 'pump-7', password: 'x' },
      { username: 'pump-8', password: 'x' },
    ],
  });
  expect(takenErrors(rows, new Set(['pump-8']))).toEqual([
    {
      path: 'devices[1].username',
      line: 2,
      field: 'username',
      username: 'pump-8',
      reason: 'is taken by a device of this product',
    },
  ]);
});

test('a name is known from the pieces before', () => {
  const [first, second] = importRowsOfJson({
    devices: [
      { username: 'pump-7', password: 'x' },
      { username: 'pump-7', password: 'x' },
    ],
  });
  const check = new ImportCheck();
  expect(check.errorsOf(first === undefined ? [] : [first])).toEqual([]);
  expect(check.errorsOf(second === undefined ? [] : [second])).toMatchObject([
    { line: 2, reason: 'is at devices[0] already' },
  ]);
});

test('lines are those of the file, and a row that cannot be read hides no other', () => {
  const rows = importRowsOfCsv('UserName,Password\n\npump-7,x\na,b,c\npump-7,\n');
  expect(new ImportCheck().errorsOf(rows).map(({ path, field, reason }) => [path, field, reason])).toEqual([
    ['line 4', 'row', 'has 3 fields, and the header 2'],
    ['line 5, password', 'password', 'is missing'],
    ['line 5, username', 'username', 'is at line 3 already'],
  ]);
});

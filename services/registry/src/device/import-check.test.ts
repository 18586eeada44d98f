import { expect, test } from 'vitest';
import { importRowsOfJson } from './device-import.ts';
import { ImportCheck, takenErrors } from './import-check.ts';

test('every wrong field of every row is named with its line and reason', () => {
  const rows = importRowsOfJson({
    devices: [
      { username: 'pump-7', password: 'ok', sn: 'SN1' },
      { username: 'p%', password: '', sn: 'a-b' },
      { username: 'pump-7', password: 'x'.repeat(33), sn: null },
    ],
  });
  expect(new ImportCheck().errorsOf(rows)).toEqual([
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
    { line: 2, field: 'username', username: 'pump-8', reason: 'is taken by a device of this product' },
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
    { line: 2, reason: 'is on line 1 already' },
  ]);
});

import { expect, test } from 'vitest';
import { importRowsOfCsv, importRowsOfJson } from './device-import.ts';

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
  ['in another order', 'SN,Password,UserName\nSN_1,secret,pump-7\n'],
  ['in another case', ' username ,PASSWORD,sn\npump-7,secret,SN_1\n'],
  ['in quotes', '"UserName","Password","SN"\r\n"pump-7","secret","SN_1"'],
])('columns may stand %s', (_words, text) => {
  expect(importRowsOfCsv(text)).toEqual([{ line: 2, username: 'pump-7', password: 'secret', sn: 'SN_1' }]);
});

test('the column SN may be left out', () => {
  expect(importRowsOfCsv('Password,UserName\nsecret,pump-7')).toEqual([
    { line: 2, username: 'pump-7', password: 'secret', sn: undefined },
  ]);
});

test('JSON rows keep their place in the list, and a serial number may be null', () => {
  const devices = [{ username: 'pump-7', password: 'x', sn: null }];
  expect(importRowsOfJson({ devices })).toEqual([
    { line: 1, index: 0, username: 'pump-7', password: 'x', sn: undefined },
  ]);
});

test.each([
  ['no header', 'pump-7,secret', 1],
  ['nothing', '', 1],
  ['no column for passwords', 'UserName,SN\nx,y', 1],
  ['a column twice', 'UserName,Password,SN,sn', 1],
  ['a column too many', 'UserName,Password,SN,More', 1],
])('%s is refused', (_words, text, line) => {
  expect(() => importRowsOfCsv(text)).toThrow(
    expect.objectContaining({ code: 'REGISTRY_IMPORT_CSV_MALFORMED', line }),
  );
});

test.each([
  ['semicolons', 'UserName;Password;SN\npump-7;secret;SN_1'],
  ['tabs', 'UserName\tPassword\npump-7\tsecret'],
])('who separates by %s is told so', (separator, text) => {
  expect(() => importRowsOfCsv(text)).toThrow(`line 1 of the CSV looks separated by ${separator}`);
});

test('a row with a field too many is one that is wrong, not the end of the file', () => {
  expect(importRowsOfCsv('UserName,Password\na,b,c\npump-7,secret')).toEqual([
    { line: 2, username: 'a', password: 'b', sn: undefined, fault: 'has 3 fields, and the header 2' },
    { line: 3, username: 'pump-7', password: 'secret', sn: undefined },
  ]);
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@gatehouse/testing';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningGatehouse, type DemoDevice } from '../running-gatehouse.ts';

let gatehouse: RunningGatehouse;
let demo: DemoDevice;

beforeAll(async () => {
  gatehouse = await RunningGatehouse.start();
  demo = await gatehouse.device();
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
});

async function connect(username: string, password: string) {
  return connectAsync(`mqtts://${demo.host}:${demo.port}`, {
    ca: await readFile(gatehouse.caFile, 'utf8'),
    username,
    password,
    clientId: username,
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
}

test('devices of a CSV file can connect, and the import tells how it went', async () => {
  const key = await readFile(join(gatehouse.dataDirectory, 'demo', 'api-key'), 'utf8');
  const products = `http://127.0.0.1:${gatehouse.httpPort}/api/v1/products/${demo.productKey}`;
  const response = await fetch(`${products}/devices:import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.trim()}`, 'content-type': 'text/csv' },
    body: '\uFEFFSN,UserName,Password\r\nSN_1,meter-1,"first.secret"\r\n,meter-2,second.secret\r\n',
  });
  const imported = JSON.parse(await response.text());
  expect(imported).toMatchObject({ rows: 2, imported: 2, errors: [] });

  const client = await connect('meter-1', 'first.secret');
  const path = `/products/${demo.productKey}`;
  await eventually(async () => {
    const { body } = await gatehouse.api('GET', `${path}/devices/meter-1`);
    expect(body).toMatchObject({ status: 'ONLINE', sn: 'SN_1' });
  });
  await client.endAsync();
  await expect(connect('meter-2', 'first.secret')).rejects.toMatchObject({ code: 0x87 });

  const { body: shown } = await gatehouse.api('GET', `${path}/imports/${imported.importId}`);
  expect(shown).toMatchObject({ state: 'succeeded', rows: 2, rowsDone: 2, imported: 2, failure: null });
});

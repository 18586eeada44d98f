import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@gatehouse/testing';
import { connectAsync } from 'mqtt';
import { expect, test } from 'vitest';
import { eventTypes } from '../event-types.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('after Ctrl-C nothing is left running, and a second start finds everything as it was', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'gatehouse-kept-'));
  const first = await RunningGatehouse.start({ dataDirectory });
  const device = await first.device();
  const client = await connectAsync(`mqtts://${device.host}:${first.mqttPort}`, {
    ca: await readFile(first.caFile, 'utf8'),
    username: device.username,
    password: device.password,
    clientId: device.clientId,
    reconnectPeriod: 0,
  });
  await client.publishAsync('up/temperature', '1', { qos: 1 });
  const { processes } = await first.runFile();
  const gateways = await first.api('GET', '/gateways');
  const eventsPath = `/products/${device.productKey}/devices/${device.deviceName}/events?limit=200`;

  expect(await first.stop('SIGINT')).toBe(0);
  expect(processes.length).toBeGreaterThanOrEqual(7);
  expect(processes.filter(({ pid }) => isAlive(pid))).toEqual([]);

  const second = await RunningGatehouse.start({ dataDirectory });
  try {
    const again = await second.api('GET', '/gateways');
    expect(again.body['items']).toEqual(gateways.body['items']);
    // What the edge reported when it stopped may be stored by the registry that comes after.
    await eventually(async () => {
      const { body } = await second.api('GET', eventsPath);
      expect(eventTypes(body)).toEqual(['DeviceDisconnected', 'DeviceConnected', 'DeviceImported']);
    });
  } finally {
    await second.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
});

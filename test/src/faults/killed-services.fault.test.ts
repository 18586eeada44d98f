import { readFile } from 'node:fs/promises';
import { eventually } from '@gatehouse/testing';
import { connectAsync, type MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { importDevices } from '../imported-devices.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { storedMessages } from '../stored-messages.ts';

const DEVICES = 20;
const MESSAGES_EACH = 500;
const IN_FLIGHT_EACH = 20;

test('10,000 acknowledged messages are stored once and in order while parser, registry and auth are killed', async () => {
  await using gatehouse = await RunningGatehouse.start();
  const { productKey, port, host } = await gatehouse.device();
  const devices = await importDevices(gatehouse, productKey, DEVICES);
  const ca = await readFile(gatehouse.caFile, 'utf8');
  const clients = await Promise.all(
    devices.map((device) => connectAsync(`mqtts://${host}:${port}`, { ca, reconnectPeriod: 0, ...device })),
  );

  let acknowledged = 0;
  const publishing = Promise.all(clients.map((client) => publishInOrder(client, () => (acknowledged += 1))));
  for (const [index, service] of ['parser', 'registry', 'auth'].entries()) {
    await eventually(() => expect(acknowledged).toBeGreaterThan((index + 1) * 2_000), 60_000);
    const pids = await gatehouse.pidsOf(service);
    expect(pids).toHaveLength(1);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
  }
  await publishing;
  expect(acknowledged).toBe(DEVICES * MESSAGES_EACH);

  // A device that connects while auth is away is let in when it is back, however long that takes here.
  const late = await eventually(
    () =>
      connectAsync(`mqtts://${host}:${port}`, {
        ca,
        reconnectPeriod: 0,
        ...(devices[0] as (typeof devices)[number]),
      }),
    60_000,
  );
  await Promise.all([...clients.slice(1), late].map((client) => client.endAsync()));

  const { natsUrl } = await gatehouse.runFile();
  const stored = await eventually(async () => {
    const messages = await storedMessages(natsUrl, productKey);
    expect(messages.length).toBeGreaterThanOrEqual(DEVICES * MESSAGES_EACH);
    return messages;
  }, 60_000);

  expect(new Set(stored.map(({ messageId }) => messageId)).size).toBe(stored.length);
  const inOrder = Array.from({ length: MESSAGES_EACH }, (_, index) => index);
  for (const { username } of devices) {
    const numbers = stored
      .filter(({ deviceName }) => deviceName === username)
      .map(({ payload }) => JSON.parse(payload).n as number);
    expect(numbers).toEqual(inOrder);
  }
}, 240_000);

async function publishInOrder(client: MqttClient, onAcknowledged: () => void): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  for (let n = 0; n < MESSAGES_EACH; n += 1) {
    const sent = publishOne(client, n).finally(() => inFlight.delete(sent));
    inFlight.add(sent);
    if (inFlight.size >= IN_FLIGHT_EACH) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);

  async function publishOne(to: MqttClient, n: number): Promise<void> {
    await to.publishAsync('up/count', JSON.stringify({ n }), { qos: 1 });
    onAcknowledged();
  }
}

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { mosquittoPrograms } from '@gatehouse/local-servers';
import { eventually, quickest } from '@gatehouse/testing';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connackOf } from '../connack-of.ts';
import { runWith } from '../run-with.ts';
import { RunningGatehouse, type DemoDevice } from '../running-gatehouse.ts';
import { eventTypes } from '../event-types.ts';
import { openEventStream } from '../server-sent-events.ts';

let gatehouse: RunningGatehouse;
let device: DemoDevice;

beforeAll(async () => {
  gatehouse = await RunningGatehouse.start();
  device = await gatehouse.device();
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
});

const devicePath = (): string => `/products/${device.productKey}/devices/${device.deviceName}`;

async function statusOf(): Promise<unknown> {
  const { body } = await gatehouse.api('GET', devicePath());
  return body['status'];
}

async function clientOptions(more: IClientOptions = {}): Promise<IClientOptions> {
  return {
    ca: await readFile(gatehouse.caFile, 'utf8'),
    username: device.username,
    password: device.password,
    clientId: device.clientId,
    reconnectPeriod: 0,
    ...more,
  };
}

const address = (): string => `mqtts://${device.host}:${device.port}`;

test('the printed mosquitto_pub line sends a message that arrives raw and parsed', async () => {
  const programs = await mosquittoPrograms();
  const line = /^\s*(mosquitto_pub .*)$/m.exec(gatehouse.log)?.[1] ?? '';
  const ending = new AbortController();
  const key = (await readFile(`${gatehouse.dataDirectory}/demo/api-key`, 'utf8')).trim();
  const events = await openEventStream(
    `http://127.0.0.1:${gatehouse.httpPort}/api/v1/products/${device.productKey}/messages/stream`,
    { authorization: `Bearer ${key}` },
    ending.signal,
  );

  await runWith(programs.environment, 'sh', ['-c', line.replace('mosquitto_pub', programs.publish)]);
  const { value: event } = await events.next();
  ending.abort();

  expect(event.event).toBe('message');
  const message = JSON.parse(event.data);
  expect(message).toMatchObject({
    deviceName: device.deviceName,
    topic: 'up/temperature',
    qos: 1,
    outcome: 'parsed',
    raw: { base64: Buffer.from('21.5').toString('base64') },
    payload: { value: 21.5 },
  });
});

test('the device is ONLINE while it is connected, then OFFLINE, and its events tell the story', async () => {
  const client = await connectAsync(address(), await clientOptions());
  await eventually(async () => expect(await statusOf()).toBe('ONLINE'));
  await client.endAsync();
  await eventually(async () => expect(await statusOf()).toBe('OFFLINE'));

  const { body } = await gatehouse.api('GET', `${devicePath()}/events`);
  const story = eventTypes(body);
  expect(story.slice(0, 2)).toEqual(['DeviceDisconnected', 'DeviceConnected']);
  expect(story.at(-1)).toBe('DeviceImported');
});

test.each([
  { protocolVersion: 4 as const, code: 5 },
  { protocolVersion: 5 as const, code: 0x87 },
])(
  'a wrong password is refused with code $code in version $protocolVersion',
  async ({ protocolVersion, code }) => {
    const connecting = connectAsync(
      address(),
      await clientOptions({ protocolVersion, password: 'not-the-one' }),
    );
    await expect(connecting).rejects.toMatchObject({ code });
  },
);

test('a user name outside the format is refused as malformed', async () => {
  const connecting = connectAsync(address(), await clientOptions({ username: 'no spaces allowed' }));
  await expect(connecting).rejects.toMatchObject({ code: 4 });
});

test('a client without TLS is closed and disturbs nobody', async () => {
  const bystander = await connectAsync(address(), await clientOptions());
  const plain = connectTcp(device.port, device.host);
  await once(plain, 'connect');
  plain.write(Buffer.from('101000044d5154540402003c000470726f62', 'hex'));
  plain.resume();
  await once(plain, 'close');

  await bystander.publishAsync('up/still-here', 'yes', { qos: 1 });
  await bystander.endAsync();
});

test('a downlink message reaches a connected device that subscribed', async () => {
  const client = await connectAsync(address(), await clientOptions({ protocolVersion: 5 }));
  await client.subscribeAsync('down/#', { qos: 1 });
  const arrived = new Promise<[string, Buffer]>((resolve) => {
    client.once('message', (topicName, bytes) => resolve([topicName, bytes]));
  });
  const message = { topic: 'down/led', payload: Buffer.from('on').toString('base64'), qos: 1 };

  const sent = await gatehouse.api('POST', `${devicePath()}/messages`, message);
  const [topic, payload] = await arrived;

  expect(sent.body['outcome']).toBe('delivered');
  expect([topic, payload.toString()]).toEqual(['down/led', 'on']);

  const elsewhere = await gatehouse.api('POST', `${devicePath()}/messages`, {
    ...message,
    topic: 'other',
  });
  expect(elsewhere.body['outcome']).toBe('not-subscribed');
  await client.endAsync();
  await eventually(async () => {
    const absent = await gatehouse.api('POST', `${devicePath()}/messages`, message);
    expect(absent.body['outcome']).toBe('offline');
  });
});

test('a downlink message given as JSON reaches the device as the bytes that its script makes of it', async () => {
  const parsing = `/products/${device.productKey}/parsing`;
  const messages = `${devicePath()}/messages`;
  const before = (await gatehouse.api('GET', `${parsing}/versions`)).body['items'];
  const code = `function transformPayload(topic: string) { return { topic } }
function protocolToRawData(json: { valve: string }): number[] {
  if (json.valve === 'ajar') throw new RangeError('neither open nor closed');
  return [0x01, json.valve === 'open' ? -1 : 0];
}`;
  await gatehouse.api('PUT', `${parsing}/draft`, { language: 'typescript', code });
  expect(await gatehouse.api('POST', `${parsing}/draft:submit`)).toMatchObject({ status: 201 });
  const client = await connectAsync(address(), await clientOptions({ protocolVersion: 5 }));
  await client.subscribeAsync('down/#', { qos: 1 });
  const arrived = new Promise<Buffer>((resolve) => {
    client.once('message', (_topic, bytes) => resolve(bytes));
  });

  const sent = await eventually(async () => {
    const answer = await gatehouse.api('POST', messages, {
      topic: 'down/valve',
      json: { valve: 'open' },
      qos: 1,
    });
    expect(answer).toMatchObject({ status: 200 });
    return answer;
  });
  expect(sent.body['outcome']).toBe('delivered');
  expect([...(await arrived)]).toEqual([0x01, 0xff]);

  const refused = await gatehouse.api('POST', messages, { topic: 'down/valve', json: { valve: 'ajar' } });
  expect(refused).toMatchObject({
    status: 422,
    body: {
      code: 'REGISTRY_DOWNLINK_NOT_ENCODED',
      errors: [
        {
          path: 'json',
          message: '26002 at line 3, column 36 of the script: RangeError: neither open nor closed',
        },
      ],
    },
  });
  await client.endAsync();
  const [newest] = Array.isArray(before) ? before : [];
  await gatehouse.api('POST', `${parsing}/versions/${newest.version}:restore`);
});

test('mosquitto_sub receives what is sent down to it', async () => {
  const programs = await mosquittoPrograms();
  const options =
    `--cafile ${gatehouse.caFile} -h ${device.host} -p ${device.port} -u ${device.username} ` +
    `-P ${device.password} -i ${device.clientId} -t down/+ -q 1 -C 1 -W 20`;
  const receiving = runWith(programs.environment, programs.subscribe, options.split(' '));
  const message = { topic: 'down/text', payload: Buffer.from('hello device').toString('base64'), qos: 1 };
  await eventually(async () => {
    const sent = await gatehouse.api('POST', `${devicePath()}/messages`, message);
    expect(sent.body['outcome']).toBe('delivered');
  });
  expect((await receiving).trim()).toBe('hello device');
});

/** Once it is let in. */
const letIn = (): Promise<MqttClient> =>
  eventually(async () => connectAsync(address(), await clientOptions({ protocolVersion: 5 })));

test('disabling a connected device ends its connection within a second and keeps it out', async () => {
  const closedAfterMs = await quickest(2_000, async () => {
    const client = await letIn();
    const closed = new Promise<void>((resolve) => {
      client.once('close', () => resolve());
    });
    const disabledAt = performance.now();
    await gatehouse.api('POST', `${devicePath()}:disable`);
    await closed;
    const milliseconds = performance.now() - disabledAt;
    // Auth and the edges hear of it side by side, not one after the other.
    await eventually(async () => {
      const { username, password, clientId } = device;
      const packet = { protocolVersion: 5, username, password: Buffer.from(password), clientId } as const;
      const ca = await readFile(gatehouse.caFile, 'utf8');
      expect(await connackOf({ host: device.host, port: device.port, ca }, packet)).toMatchObject({
        code: 0x8a,
      });
    });
    await gatehouse.api('POST', `${devicePath()}:enable`);
    return milliseconds;
  });
  expect(closedAfterMs).toBeLessThan(2_000);
  await (await letIn()).endAsync();
});

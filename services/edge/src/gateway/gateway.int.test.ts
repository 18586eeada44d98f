import { once } from 'node:events';
import { connect as connectTcp, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises';
import type { GatewayListener } from '@gatehouse/contracts';
import { freePort } from '@gatehouse/local-servers';
import { eventually, quickest } from '@gatehouse/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectDevice, disconnected, EdgeHouse } from '../testing/edge-under-test.ts';
import { LinesLogged } from '../testing/lines-logged.ts';

let house: EdgeHouse;

beforeEach(async () => {
  house = await EdgeHouse.open();
});

afterEach(() => house[Symbol.asyncDispose]());

const listening = (gateway: GatewayListener, edges = 1): Promise<void> =>
  eventually(() => house.stored.expectListening(gateway, edges));

const servedName = async (gateway: GatewayListener): Promise<string | undefined> => {
  const socket = connectTls(house.address(gateway));
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
};

test('a gateway that is created is listened for within a second, by every edge on the same port', async () => {
  await house.startEdge();
  await house.startEdge();
  let gateway = await house.newGateway('gw-0');
  const listeningAfterMs = await quickest(1_000, async (round) => {
    gateway = await house.newGateway(`gw-${round}`);
    const started = performance.now();
    house.bus.put(gateway);
    await listening(gateway, 2);
    return performance.now() - started;
  });
  expect(listeningAfterMs).toBeLessThan(1_000);

  const devices = await Promise.all(
    Array.from({ length: 20 }, (_, index) => connectDevice(house.address(gateway), `pump-${index}`)),
  );
  await eventually(async () => {
    const connected = (await house.stored.presence()).filter(({ type }) => type === 'connected');
    expect(connected).toHaveLength(20);
    expect(new Set(connected.map(({ edgeId }) => edgeId)).size).toBe(2);
  });
  await Promise.all(devices.map((device) => device.endAsync()));
});

test('a new certificate serves new handshakes and drops no connection', async () => {
  await house.startEdge();
  const gateway = await house.newGateway('gw-1');
  house.bus.put(gateway);
  await listening(gateway);
  const device = await connectDevice(house.address(gateway), 'pump-1');
  expect(await servedName(gateway)).toBe('version 1');

  const changed = await house.newGateway('gw-1', { port: gateway.port, version: 2 });
  house.bus.put(changed);
  await listening(changed);

  expect(await servedName(changed)).toBe('version 2');
  await device.publishAsync('up', 'still here', { qos: 1 });
  expect(device.connected).toBe(true);
  await device.endAsync();
});

test('a certificate that cannot be used is reported, and the one before goes on serving', async () => {
  await house.startEdge();
  const gateway = await house.newGateway('gw-1');
  house.bus.put(gateway);
  await listening(gateway);
  const other = await house.newGateway('gw-1');
  house.bus.put({ ...gateway, version: 2, serverPrivateKey: other.serverPrivateKey });

  await eventually(async () => {
    const [entry] = (await house.stored.edges()).values();
    expect(entry?.listeners).toEqual([
      {
        gatewayId: 'gw-1',
        version: 2,
        status: 'failed',
        reason: expect.stringContaining('the private key is not the one of the certificate'),
      },
    ]);
  });
  expect(await servedName(gateway)).toBe('version 1');
});

test('a gateway that is deleted is closed, and the sessions of its devices end', async () => {
  await house.startEdge();
  const gateway = await house.newGateway('gw-1');
  house.bus.put(gateway);
  await listening(gateway);
  const device = await connectDevice(house.address(gateway), 'pump-1', { protocolVersion: 5 });
  const told = disconnected(device);
  house.bus.delete('gw-1');

  expect(await told).toEqual({ reasonCode: 0x98, reasonString: 'the gateway was deleted' });
  await eventually(async () => {
    const [entry] = (await house.stored.edges()).values();
    expect(entry?.listeners).toEqual([]);
  });
  const refused = connectTls(house.address(gateway));
  const [error] = await once(refused, 'error');
  expect(error).toMatchObject({ code: 'ECONNREFUSED' });
});

test('a port that is taken is reported with the reason, and opened when it is free', async () => {
  const blocker = createServer();
  const port = await freePort();
  blocker.listen(port, '127.0.0.1');
  await once(blocker, 'listening');
  await house.startEdge();
  const gateway = await house.newGateway('gw-1', { port });
  house.bus.put(gateway);
  await eventually(async () => {
    const [entry] = (await house.stored.edges()).values();
    expect(entry?.listeners).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('another program listens there') },
    ]);
  });

  blocker.close();
  await listening(gateway);
});

test('a port that stays taken is one error in the log, and its opening one line', async () => {
  const blocker = createServer();
  const port = await freePort();
  blocker.listen(port, '127.0.0.1');
  await once(blocker, 'listening');
  const log = new LinesLogged('debug');
  await house.startEdge({}, log.logger);
  const gateway = await house.newGateway('gw-1', { port });
  house.bus.put(gateway);
  await eventually(() =>
    expect(log.levelsOf('gateway cannot be listened for').length).toBeGreaterThanOrEqual(3),
  );
  blocker.close();
  await listening(gateway);
  const [first, ...later] = log.levelsOf('gateway cannot be listened for');
  expect([first, new Set(later)]).toEqual(['error', new Set(['debug'])]);
  expect(log.levelsOf('gateway listening')).toEqual(['info']);
});

test('a second gateway on the port of another is refused, not mixed up with it', async () => {
  await house.startEdge();
  const first = await house.newGateway('gw-1');
  house.bus.put(first);
  await listening(first);
  house.bus.put(await house.newGateway('gw-2', { port: first.port }));
  await eventually(async () => {
    const [entry] = (await house.stored.edges()).values();
    expect(entry?.listeners[1]).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('gateway gw-1 listens there'),
    });
  });
});

test('an edge that starts before the registry waits for it', async () => {
  house.bus.stopRegistry();
  await house.startEdge();
  const gateway = await house.newGateway('gw-1');
  house.bus.gateways.set('gw-1', gateway);
  await eventually(async () => expect((await house.stored.edges()).size).toBe(1));
  house.bus.startRegistry();
  await listening(gateway);
});

test('a change that the registry did not answer for is made up for as soon as it answers', async () => {
  const log = new LinesLogged('debug');
  await house.startEdge({}, log.logger);
  const gateway = await house.newGateway('gw-1');
  house.bus.put(gateway);
  await listening(gateway);
  house.bus.stopRegistry();
  await house.nats.flush();
  const askedInVain = () => log.of('the registry could not be asked for gateways').length;
  const before = askedInVain();
  const changed = { ...gateway, version: gateway.version + 1 };
  house.bus.put(changed);
  await eventually(() => expect(askedInVain()).toBeGreaterThan(before));
  house.bus.startRegistry();
  await listening(changed);
});

test('what came in time counts, though the process was held up and reads it late', async () => {
  await house.startEdge({ EDGE_CONNECT_TIMEOUT_MS: '1000' });
  const gateway = await house.newGateway('gw-1');
  house.bus.put(gateway);
  await listening(gateway);
  const client = connectTcp(gateway.port, '127.0.0.1').on('error', () => undefined);
  await once(client, 'connect');
  await delay(50);
  // Timers come next, before anything is read.
  await immediate();
  client.write('GET / HTTP/1.1\r\n\r\n');
  const until = performance.now() + 1_100;
  while (performance.now() < until);
  await eventually(async () => {
    const reasons = (await house.stored.attempts()).map(({ reason }) => reason);
    expect(reasons).toEqual(['plain-text']);
  });
  client.destroy();
});

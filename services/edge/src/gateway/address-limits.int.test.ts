import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { GatewayListener } from '@gatehouse/contracts';
import { eventually } from '@gatehouse/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EdgeHouse } from '../testing/edge-under-test.ts';
import { connectPacket, RawClient } from '../testing/raw-client.ts';

const HERE = '127.0.1.1';
const ELSEWHERE = '127.0.1.2';

let house: EdgeHouse;
let gateway: GatewayListener;

beforeEach(async () => {
  house = await EdgeHouse.open();
  gateway = await house.newGateway('gw-1');
  house.bus.put(gateway);
});

afterEach(() => house[Symbol.asyncDispose]());

async function start(settings: Record<string, string>): Promise<void> {
  await house.startEdge(settings);
  await eventually(() => house.stored.expectListening(gateway));
}

const open = (localAddress: string): Promise<RawClient> =>
  RawClient.open({ ...house.address(gateway), localAddress });

/** The code of CONNACK. */
async function connack(localAddress: string): Promise<number | undefined> {
  const client = await open(localAddress);
  client.send(connectPacket(5, 'pump-1'));
  const packet = await client.packet();
  client.destroy();
  return packet?.readUInt8(3);
}

/** Says nothing, or what is no TLS. */
async function connectTcp(localAddress: string, bytes = ''): Promise<Socket> {
  const socket = connect({ ...house.address(gateway), localAddress }).resume();
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (bytes !== '') socket.write(bytes);
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close');
}

async function reasonsFrom(address: string): Promise<(string | null)[]> {
  const attempts = await house.stored.attempts();
  return attempts.filter(({ remoteAddress }) => remoteAddress === address).map(({ reason }) => reason);
}

test('of one address few connections may be open that say nothing', async () => {
  await start({ EDGE_SILENT_PER_ADDRESS: '3' });
  const silent = await Promise.all([1, 2, 3].map(() => connectTcp(HERE)));
  await closed(await connectTcp(HERE));
  expect(await connack(ELSEWHERE)).toBe(0);
  await eventually(async () => expect(await reasonsFrom(HERE)).toEqual(['address-silent']));
  // Whoever speaks, or goes, makes room.
  silent[0]?.write('GET / HTTP/1.1\r\n\r\n');
  silent[1]?.destroy();
  await eventually(async () => expect(await connack(HERE)).toBe(0));
  silent[2]?.destroy();
});

test('connections of one address in a minute have a limit where one is set', async () => {
  await start({ EDGE_CONNECTS_PER_ADDRESS: '3' });
  for (let count = 0; count < 3; count += 1) expect(await connack(HERE)).toBe(0);
  await expect(open(HERE)).rejects.toThrow(/before secure TLS connection|ECONNRESET|EPIPE/);
  expect(await connack(ELSEWHERE)).toBe(0);
  await eventually(async () => {
    expect(await reasonsFrom(HERE)).toContain('address-connects-exceeded');
  });
});

test('an address whose connections come to no CONNECT is banned, unless devices come from there', async () => {
  await start({ EDGE_BAN_WASTED_CONNECTIONS: '3', EDGE_CONNECT_TIMEOUT_MS: '1500' });
  const waste = async (address: string): Promise<void> => {
    await closed(await connectTcp(address, 'GET / HTTP/1.1\r\n\r\n'));
    await closed(await connectTcp(address));
    const silent = await open(address);
    await silent.closed();
    const noMqtt = await open(address);
    noMqtt.send('00 00 00 00');
    await noMqtt.closed();
  };
  expect(await connack(ELSEWHERE)).toBe(0);
  await waste(ELSEWHERE);
  expect(await connack(ELSEWHERE)).toBe(0);
  await waste(HERE);
  await closed(await connectTcp(HERE));
  await eventually(async () => expect(await reasonsFrom(HERE)).toContain('address-banned'));
  expect(await connack(ELSEWHERE)).toBe(0);
});

test('whoever hangs up, or may have meant another gateway of the port, is not banned for it', async () => {
  const neighbour = await house.newGateway('gw-2', { port: gateway.port, hostname: 'two.example' });
  await start({ EDGE_BAN_WASTED_CONNECTIONS: '3' });
  for (let count = 0; count < 6; count += 1) (await connectTcp(HERE)).destroy();
  await eventually(async () => expect(await reasonsFrom(HERE)).toHaveLength(6));
  expect(await connack(HERE)).toBe(0);
  house.bus.put(neighbour);
  await eventually(() => house.stored.expectListening(neighbour));
  for (let count = 0; count < 6; count += 1)
    await closed(await connectTcp(ELSEWHERE, 'GET / HTTP/1.1\r\n\r\n'));
  expect(await connack(ELSEWHERE)).toBe(0);
});

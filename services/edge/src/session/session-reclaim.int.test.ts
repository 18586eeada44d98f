import { setTimeout as delay } from 'node:timers/promises';
import { SESSIONS_BUCKET } from '@gatehouse/contracts';
import { openBucket } from '@gatehouse/nats';
import { eventually } from '@gatehouse/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectDevice, disconnected, EdgeHouse } from '../testing/edge-under-test.ts';

let house: EdgeHouse;

beforeEach(async () => {
  house = await EdgeHouse.open();
});

afterEach(() => house[Symbol.asyncDispose]());

/** Longer than the entry of an edge lives in its bucket. */
const OUTAGE_MS = 6_000;

test('an edge that NATS was away from for longer than its entry lives claims its sessions again', async () => {
  const gateway = await house.newGateway('gw-1');
  house.bus.put(gateway);
  await house.startEdge();
  await eventually(() => house.stored.expectListening(gateway));
  const connectsOf = async (device: string): Promise<number[]> =>
    (await house.stored.presence())
      .filter(({ deviceName, type }) => deviceName === device && type === 'connected')
      .map(({ session }) => session);
  const stays = await connectDevice(house.address(gateway), 'pump-1', { protocolVersion: 5 });
  const moved = await connectDevice(house.address(gateway), 'pump-2', { protocolVersion: 5 });
  await eventually(async () => expect(await connectsOf('pump-2')).toHaveLength(1));
  const entry = { edgeId: 'edge-2', gatewayId: 'gw-1', connectedAt: new Date().toISOString() };
  const bucket = await openBucket(house.nats, SESSIONS_BUCKET);
  await bucket.delete('a1.pump-1');
  await bucket.put('a1.pump-2', JSON.stringify(entry));
  const told = disconnected(moved);

  await house.stopNats();
  await delay(OUTAGE_MS);
  await house.startNats();

  const connects = await eventually(async () => {
    const numbers = await connectsOf('pump-1');
    expect(numbers.length).toBeGreaterThan(1);
    // On a machine that stands still it may be given up once more.
    expect(numbers.at(-1)).toBe((await bucket.get('a1.pump-1'))?.revision);
    return numbers;
  }, 30_000);
  expect(connects.at(-1)).toBeGreaterThan(connects[0] ?? 0);
  expect(await told).toMatchObject({ reasonCode: 0x8e });
  await stays.publishAsync('up', 'still here', { qos: 1 });
  await stays.endAsync();
  await eventually(async () => expect((await bucket.get('a1.pump-1'))?.operation).toBe('DEL'));
});

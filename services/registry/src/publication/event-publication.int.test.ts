import {
  REGISTRY_STREAM,
  registryEvent,
  NOTIFICATIONS_STREAM,
  type RegistryEvent,
} from '@gatehouse/contracts';
import { connectNats } from '@gatehouse/nats';
import { createTestDatabase, eventually, startTestNats } from '@gatehouse/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { createGateway, importDevices, startRegistry } from '../testing/registry-under-test.ts';

interface Published {
  readonly subject: string;
  readonly messageId: string;
  readonly event: RegistryEvent;
}

async function published(nats: NatsConnection): Promise<Published[]> {
  const manager = await jetstreamManager(nats);
  const { state } = await manager.streams.info(REGISTRY_STREAM.name);
  const stored: Published[] = [];
  for (let seq = 1; seq <= state.last_seq; seq += 1) {
    const message = await manager.streams.getMessage(REGISTRY_STREAM.name, { seq });
    if (message === null) continue;
    stored.push({
      subject: message.subject,
      messageId: message.header.get('Nats-Msg-Id'),
      event: registryEvent.parse(message.json()),
    });
  }
  return stored;
}

test('committed events reach the stream REGISTRY in order, once, also across restarts', async () => {
  await using server = await startTestNats();
  await using database = await createTestDatabase();
  await using nats = await connectNats(server.url, 'test');
  let productKey: string;
  let gatewayId: string;
  {
    await using registry = await startRegistry(database.url, server.url);
    await registry.ready();
    ({ productKey, gatewayId } = await createGateway(registry, 'plant_1'));
    await importDevices(registry, productKey, 'pump.7', 'pump-8');
    await registry.call(`POST /products/${productKey}/devices/pump.7:disable`);
    await eventually(async () => expect(await published(nats)).toHaveLength(5));
  }
  await using registry = await startRegistry(database.url, server.url);
  await registry.ready();
  await registry.call(`DELETE /products/${productKey}/devices/pump.7`);
  const stored = await eventually(async () => {
    const found = await published(nats);
    expect(found.map(({ event }) => event.type)).toContain('DeviceDeleted');
    return found;
  });

  expect(stored).toHaveLength(6);
  expect(stored.map(({ messageId }) => messageId)).toEqual(stored.map(({ event }) => event.globalPosition));
  expect(stored[0]?.subject).toBe(`registry.events.v1.gateway.${gatewayId}`);
  const ofPump = stored.filter(
    ({ subject }) => subject === `registry.events.v1.device.${productKey}.pump%2E7`,
  );
  expect(ofPump.map(({ event }) => [event.type, event.streamVersion])).toEqual([
    ['DeviceImported', 1],
    ['DeviceDisabled', 2],
    ['DeviceDeleted', 3],
  ]);

  const consumer = await jetstream(nats).consumers.get(NOTIFICATIONS_STREAM.name);
  const notified: unknown[] = [];
  for await (const message of await consumer.fetch({ max_messages: 4, expires: 20_000 })) {
    notified.push(message.json<{ action: string }>().action);
  }
  expect(notified).toEqual(['create', 'create', 'disable', 'delete']);
});

test('of two instances one publishes, and the other takes over when it stops', async () => {
  await using server = await startTestNats();
  await using database = await createTestDatabase();
  await using nats = await connectNats(server.url, 'test');
  const first = await startRegistry(database.url, server.url);
  await first.ready();
  await using second = await startRegistry(database.url, server.url);
  await second.ready();
  await createGateway(second, 'plant_1');
  await eventually(async () => expect(await published(nats)).toHaveLength(2));
  await first[Symbol.asyncDispose]();
  await createGateway(second, 'plant_2');
  await eventually(async () => expect(await published(nats)).toHaveLength(4));
});

import { PRESENCE_STREAM, presenceReports } from '@gatehouse/contracts';
import { connectNats, ensureStreams, StreamPublisher } from '@gatehouse/nats';
import { eventually, startTestNats } from '@gatehouse/testing';
import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { EdgeMetrics } from '../observability/edge-metrics.ts';
import { NatsLink } from '../routing/nats-link.ts';
import { createLogger } from '@gatehouse/observability';
import { Presence } from './presence.ts';
import type { Session } from './session.ts';

async function startPresence(lingerMs = 0) {
  const server = await startTestNats();
  const nats = await connectNats(server.url, 'test');
  await ensureStreams(nats, { replicas: 1, maxStreamBytes: 64 * 1_024 * 1_024 });
  const publisher = new StreamPublisher(nats, 2_000);
  const metrics = new EdgeMetrics();
  const parts = { publisher, link: new NatsLink(nats), metrics, logger: createLogger('edge', 'silent') };
  const presence = new Presence('edge-1', 'run-1', { maxQueued: 10_000, lingerMs }, parts);
  const manager = await jetstreamManager(nats);
  return {
    presence,
    metrics,
    limitMessages: (bytes: number) => manager.streams.update(PRESENCE_STREAM.name, { max_msg_size: bytes }),
    async stored(): Promise<{ readonly sizes: number[]; readonly devices: string[] }> {
      const { state } = await manager.streams.info(PRESENCE_STREAM.name);
      const sizes: number[] = [];
      const devices: string[] = [];
      for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += 1) {
        const message = await manager.streams.getMessage(PRESENCE_STREAM.name, { seq });
        sizes.push(message?.data.length ?? 0);
        const reports = presenceReports.parse(message?.json());
        devices.push(...reports.map(({ deviceName }) => deviceName));
      }
      return { sizes, devices };
    },
    async [Symbol.asyncDispose]() {
      presence.close();
      publisher.close();
      await nats.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** As much of a session as presence reads. */
const session = (deviceName: string, clientId = deviceName): Session =>
  ({
    identity: { gatewayId: 'g', productKey: 'a1', deviceName, number: 1, connectedAt: new Date() },
    terms: { clientId, protocolVersion: 4 },
    connection: { remoteAddress: '127.0.0.1' },
    ways: { trace: new Uint8Array(25) },
  }) as unknown as Session;

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `pump-${index}`);

test('a batch is cut at 256 kB, and the order stays', async () => {
  await using edge = await startPresence();
  for (const name of names(900)) edge.presence.connected(session(name, 'c'.repeat(1_000)));
  await edge.presence.flush(AbortSignal.timeout(60_000));
  const { sizes, devices } = await edge.stored();
  expect(devices).toEqual(names(900));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1_024);
});

test('a batch that the stream refuses as too large is divided; one report alone is dropped and counted', async () => {
  await using edge = await startPresence();
  await edge.limitMessages(2_000);
  for (const name of names(20)) {
    edge.presence.connected(session(name, name === 'pump-7' ? 'c'.repeat(2_000) : name));
  }
  await eventually(() => expect(edge.presence.queued).toBe(0));
  const { devices } = await edge.stored();
  expect(devices).toEqual(names(20).filter((name) => name !== 'pump-7'));
  expect(edge.metrics.drops.of('presence-too-large')).toBe(1);
});

test('a lone report goes out at once, and those that follow soon share a batch', async () => {
  await using edge = await startPresence(60_000);
  edge.presence.connected(session('pump-0'));
  await eventually(() => expect(edge.presence.queued).toBe(0));
  expect((await edge.stored()).devices).toEqual(['pump-0']);
  for (const name of names(50)) edge.presence.connected(session(name));
  expect(edge.presence.queued).toBe(50);
  await edge.presence.flush(AbortSignal.timeout(60_000));
  const { sizes, devices } = await edge.stored();
  expect(sizes).toHaveLength(2);
  expect(devices).toEqual(['pump-0', ...names(50)]);
});

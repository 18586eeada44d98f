import { requestContract, SERVICE_ERROR_HEADER, type RequestOf } from '@gatehouse/contracts';
import { callService, connectNats } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import { eventually, startTestNats } from '@gatehouse/testing';
import { Controller, Module, type OnModuleDestroy } from '@nestjs/common';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startService } from './run-service.ts';
import { serviceConfig } from './service-config.ts';
import { Serves } from './serves.ts';

const lastEvent = requestContract({
  subject: 'test.v1.last-event',
  request: z.object({ isHeld: z.boolean().default(false), padding: z.number().default(0) }),
  reply: z.object({ event: z.number(), padding: z.string() }),
  timeoutMs: 5_000,
});
const GONE = -1;

/** A service that hears events, and tells of the last one; a request may be held until `go`. */
async function startListener({
  logged = [],
  answersUntil = 'stopping',
}: { logged?: string[]; answersUntil?: 'stopping' | 'stopped' } = {}) {
  const server = await startTestNats();
  let event = 0;
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();

  @Controller()
  class LastEventController implements OnModuleDestroy {
    @Serves(lastEvent)
    async tell({ isHeld, padding }: RequestOf<typeof lastEvent>) {
      asked.resolve();
      if (isHeld) await go.promise;
      return { event, padding: 'x'.repeat(padding) };
    }

    onModuleDestroy(): void {
      event = GONE;
      gone.resolve();
    }
  }

  @Module({})
  class Listener {}

  const service = await startService(
    {
      name: 'listener',
      answersUntil,
      readConfig: () => serviceConfig.parse({ NATS_URL: server.url }),
      module: (_config, { nats, providers }) => {
        nats.subscribe('test.event', {
          callback: (_error, message) => {
            event = message.json<number>();
          },
        });
        return { module: Listener, controllers: [LastEventController], providers, exports: providers };
      },
    },
    createLogger('listener', 'warn', { write: (line) => void logged.push(line) }),
  );
  const caller = await connectNats(server.url, 'caller');
  return {
    caller,
    asked: asked.promise,
    go: go.resolve,
    /** When the parts of the service are told that it stops. */
    gone: gone.promise,
    stop: () => service.stop(),
    async [Symbol.asyncDispose]() {
      await caller.close();
      await service.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('a request that was sent after an event finds the event known', async () => {
  await using listener = await startListener();
  const { caller } = listener;
  for (let event = 1; event <= 100; event += 1) {
    caller.publish('test.event', JSON.stringify(event));
    expect(await callService(caller, lastEvent, {})).toMatchObject({ event });
  }
});

test('a service that stops answers what it has in hand, and leaves later requests to others', async () => {
  await using listener = await startListener();
  const { caller } = listener;
  const inHand = callService(caller, lastEvent, { isHeld: true });
  await listener.asked;
  const stopped = listener.stop();
  // NATS hears of it in its own time.
  await eventually(() =>
    expect(callService(caller, lastEvent, {})).rejects.toMatchObject({ code: 'BUS_SERVICE_UNREACHABLE' }),
  );
  listener.go();
  expect(await inHand).toMatchObject({ event: 0 });
  await stopped;
});

test('what is not JSON, and an answer that NATS does not take, are refused with their codes', async () => {
  await using listener = await startListener();
  const { caller } = listener;
  const refusal = await caller.request(lastEvent.subject, '{');
  expect(refusal.headers?.get(SERVICE_ERROR_HEADER)).toBe('BUS_REQUEST_MALFORMED');
  expect(refusal.json()).toMatchObject({ code: 'BUS_REQUEST_MALFORMED', kind: 'invalid' });
  await expect(callService(caller, lastEvent, { padding: 9_000_000 })).rejects.toMatchObject({
    code: 'SERVICE_UNEXPECTED',
    kind: 'internal',
  });
  expect(await callService(caller, lastEvent, {})).toMatchObject({ event: 0 });
});

test('a service that nobody else can answer for answers until it has stopped', async () => {
  await using listener = await startListener({ answersUntil: 'stopped' });
  const { caller } = listener;
  const inHand = callService(caller, lastEvent, { isHeld: true });
  await listener.asked;
  const stopped = listener.stop();
  await listener.gone;
  listener.go();
  expect(await inHand).toMatchObject({ event: GONE });
  await stopped;
});

test('a request that takes too long is waited for once, and told', async () => {
  const logged: string[] = [];
  {
    await using listener = await startListener({ logged });
    callService(listener.caller, lastEvent, { isHeld: true }).catch(() => undefined);
    await listener.asked;
    await listener.stop();
  }
  expect(logged.map((line) => JSON.parse(line))).toMatchObject([
    { msg: 'the service stops with requests that it has not answered', requests: 1 },
  ]);
});

import { setTimeout as delay } from 'node:timers/promises';
import { admitDevice } from '@gatehouse/contracts';
import { startTestNats } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { callService } from './call-service.ts';
import { connectNats } from './connect-nats.ts';

const request = {
  gatewayId: 'g',
  clientId: 'c',
  protocolVersion: 5 as const,
  remoteAddress: '127.0.0.1',
  userProperties: [],
};

async function startCaller() {
  const server = await startTestNats();
  const nats = await connectNats(server.url, 'test');
  return {
    server,
    nats,
    async [Symbol.asyncDispose]() {
      await nats.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('a request over max_payload is too large, which is not the same as unreachable', async () => {
  await using caller = await startCaller();
  caller.nats.subscribe(admitDevice.subject);
  const clientId = 'c'.repeat(caller.nats.info?.max_payload ?? 0);
  await expect(callService(caller.nats, admitDevice, { ...request, clientId })).rejects.toMatchObject({
    code: 'BUS_REQUEST_TOO_LARGE',
    kind: 'too-large',
  });
});

test('a subject that nobody answers is unreachable', async () => {
  await using caller = await startCaller();
  await expect(callService(caller.nats, admitDevice, request)).rejects.toMatchObject({
    code: 'BUS_SERVICE_UNREACHABLE',
  });
});

test('a connection that is closed or breaks leaves the service unreachable or late', async () => {
  await using caller = await startCaller();
  caller.nats.subscribe(admitDevice.subject);
  await caller.nats.flush();
  const waiting = callService(caller.nats, admitDevice, request, 300);
  const outcome = expect(waiting).rejects.toMatchObject({
    code: expect.stringMatching(/^BUS_SERVICE_(UNREACHABLE|TIMED_OUT)$/) as string,
  });
  await delay(10);
  caller.server.kill();
  await outcome;
  await caller.nats.close();
  await expect(callService(caller.nats, admitDevice, request)).rejects.toMatchObject({
    code: 'BUS_SERVICE_UNREACHABLE',
  });
});

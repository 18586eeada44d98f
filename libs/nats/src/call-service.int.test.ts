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

test('on a closed connection everything is unreachable', async () => {
  await using caller = await startCaller();
  await caller.nats.close();
  await expect(callService(caller.nats, admitDevice, request)).rejects.toMatchObject({
    code: 'BUS_SERVICE_UNREACHABLE',
  });
});

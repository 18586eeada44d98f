import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNatsServer, type NatsServer } from '@gatehouse/local-servers';

/** A nats-server with JetStream of this test's own; gone with its files when disposed of. */
export async function startTestNats(): Promise<NatsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'gatehouse-nats-'));
  const server = await startNatsServer({ directory });
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

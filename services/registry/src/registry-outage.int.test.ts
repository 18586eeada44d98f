import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { freePort } from '@gatehouse/local-servers';
import { createTestDatabase, eventually, startTestNats } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { startRegistry } from './testing/registry-under-test.ts';

/** A way to the database that can be closed and opened; closed at first. */
class Gate implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(
    private readonly target: URL,
    private readonly port: number,
  ) {}

  get url(): string {
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  async open(): Promise<void> {
    const server = createServer((socket) => {
      const onward = connect(Number(this.target.port), this.target.hostname);
      for (const each of [socket, onward]) {
        this.#sockets.add(each);
        each.on('error', () => undefined);
      }
      socket.pipe(onward).pipe(socket);
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    await once(server, 'close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

test('the registry starts without its database, says so, and works when it comes, goes and comes back', async () => {
  await using nats = await startTestNats();
  await using database = await createTestDatabase();
  await using gate = new Gate(new URL(database.url), await freePort());

  await using registry = await startRegistry(gate.url, nats.url);
  expect((await fetch(`${registry.url}/healthz`)).status).toBe(200);
  const readiness = await fetch(`${registry.url}/readyz`);
  expect(readiness.status).toBe(503);
  expect(await readiness.json()).toMatchObject({
    dependencies: { postgres: { up: false }, nats: { up: true } },
  });
  const refused = await registry.call('GET /gateways');
  expect(refused).toMatchObject({ status: 503, body: { code: 'EVENT_DATABASE_UNAVAILABLE' } });

  await gate.open();
  await registry.ready();
  expect(await registry.call('GET /gateways')).toMatchObject({ status: 200, body: { items: [] } });

  await gate.close();
  expect(await registry.call('GET /gateways')).toMatchObject({ status: 503 });
  await gate.open();
  await eventually(async () => {
    expect(await registry.call('GET /gateways')).toMatchObject({ status: 200 });
  });
});

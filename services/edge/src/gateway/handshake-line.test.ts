import { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { HandshakeLine, type HandshakeTurns } from './handshake-line.ts';

/** As many begin at once as in one turn of the event loop. */
function holdUp(line: HandshakeLine): void {
  const passing: HandshakeTurns = { begin: () => undefined, refuse: () => undefined };
  line.join(passing, new Socket());
  line.join(passing, new Socket());
}

function gateway(seen: string[], name: string): HandshakeTurns {
  return {
    begin: () => seen.push(name),
    refuse: (socket, reason) => {
      socket.destroy();
      seen.push(`${name} ${reason}`);
    },
  };
}

test('a gateway whose devices come one by one does not wait for the storm of another', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ maxWaiting: 1_000, timeoutMs: 10_000 });
  const [stormy, quiet] = [gateway(seen, 'stormy'), gateway(seen, 'quiet')];
  for (let count = 0; count < 500; count += 1) line.join(stormy, new Socket());
  await turn();
  line.join(quiet, new Socket());
  while (!seen.includes('quiet')) await turn();
  expect(seen.length).toBeLessThan(20);
});

test('all get their turn, in the order of their arrival', async () => {
  const begun: Socket[] = [];
  const line = new HandshakeLine({ maxWaiting: 100, timeoutMs: 10_000 });
  const turns: HandshakeTurns = { begin: (socket) => begun.push(socket), refuse: () => undefined };
  const sockets = Array.from({ length: 50 }, () => new Socket());
  for (const socket of sockets) line.join(turns, socket);
  while (line.length > 0) await turn();
  expect(begun).toEqual(sockets);
});

test('who comes alone begins at once', () => {
  const seen: string[] = [];
  new HandshakeLine({ maxWaiting: 1, timeoutMs: 10_000 }).join(gateway(seen, 'a'), new Socket());
  expect(seen).toEqual(['a']);
});

test('no handshake begins among the immediates, where Node would lose its alert', async () => {
  const phases = new Set<string>();
  let isImmediate = false;
  const line = new HandshakeLine({ maxWaiting: 100, timeoutMs: 10_000 });
  const turns: HandshakeTurns = {
    begin: () => phases.add(isImmediate ? 'immediate' : 'other'),
    refuse: () => undefined,
  };
  setImmediate(() => {
    isImmediate = true;
  });
  for (let count = 0; count < 20; count += 1) line.join(turns, new Socket());
  while (line.length > 0) {
    // The line's own immediates stand between these two.
    await turn();
    isImmediate = false;
    setImmediate(() => {
      isImmediate = true;
    });
  }
  expect([...phases]).toEqual(['other']);
});

test('whoever finds the line full is refused at once', () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ maxWaiting: 1, timeoutMs: 10_000 });
  const turns = gateway(seen, 'a');
  holdUp(line);
  line.join(turns, new Socket());
  line.join(turns, new Socket());
  expect(seen).toEqual(['a handshake-queue-full']);
});

test('whoever waited too long is refused, and whoever left is forgotten', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ maxWaiting: 10, timeoutMs: 5 });
  const turns = gateway(seen, 'a');
  const gone = new Socket().destroy();
  holdUp(line);
  line.join(turns, gone);
  line.join(turns, new Socket());
  const until = performance.now() + 20;
  while (performance.now() < until);
  while (line.length > 0) await turn();
  expect(seen).toEqual(['a handshake-queue-timeout']);
  expect(line.length).toBe(0);
});

test('a gateway that closes takes its connections with it', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ maxWaiting: 10, timeoutMs: 10_000 });
  const turns = gateway(seen, 'a');
  const socket = new Socket();
  holdUp(line);
  line.join(turns, socket);
  line.leave(turns);
  await turn();
  expect(socket.destroyed).toBe(true);
  expect(seen).toEqual([]);
});

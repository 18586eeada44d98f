import { Socket } from 'node:net';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { HandshakeLine, type HandshakeTurns } from './handshake-line.ts';

const none = (): number => 0;
const HERE = '192.0.2.1';
const ELSEWHERE = '192.0.2.2';

/** As many begin at once as in one turn of the event loop. */
function holdUp(line: HandshakeLine): void {
  const passing: HandshakeTurns = { gapMs: none, begin: () => undefined, refuse: () => undefined };
  line.join(passing, new Socket(), HERE);
  line.join(passing, new Socket(), HERE);
}

function gateway(seen: string[], name: string, gapMs = none): HandshakeTurns {
  return {
    gapMs,
    begin: () => seen.push(name),
    refuse: (socket, reason) => {
      socket.destroy();
      seen.push(`${name} ${reason}`);
    },
  };
}

test('a gateway whose devices come one by one does not wait for the storm of another', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ loopShare: 1, maxWaiting: 1_000, timeoutMs: 10_000 });
  const [stormy, quiet] = [gateway(seen, 'stormy'), gateway(seen, 'quiet')];
  for (let count = 0; count < 500; count += 1) line.join(stormy, new Socket(), HERE);
  await turn();
  line.join(quiet, new Socket(), HERE);
  while (!seen.includes('quiet')) await turn();
  expect(seen.length).toBeLessThan(20);
});

test('all get their turn, in the order of their arrival', async () => {
  const begun: Socket[] = [];
  const line = new HandshakeLine({ loopShare: 1, maxWaiting: 100, timeoutMs: 10_000 });
  const turns: HandshakeTurns = {
    gapMs: none,
    begin: (socket) => begun.push(socket),
    refuse: () => undefined,
  };
  const sockets = Array.from({ length: 50 }, () => new Socket());
  for (const socket of sockets) line.join(turns, socket, HERE);
  while (line.length > 0) await turn();
  expect(begun).toEqual(sockets);
});

test('who floods the line keeps no other address out, and nobody waiting', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ loopShare: 1, maxWaiting: 1_000, timeoutMs: 10_000 });
  const from = new Map<Socket, string>();
  const turns: HandshakeTurns = {
    gapMs: none,
    begin: (socket) => seen.push(`${from.get(socket)} begins`),
    refuse: (socket, reason) => seen.push(`${from.get(socket)} ${reason}`),
  };
  const join = (address: string): void => {
    const socket = new Socket();
    from.set(socket, address);
    line.join(turns, socket, address);
  };
  holdUp(line);
  for (let count = 0; count < 1_000; count += 1) join(HERE);
  expect(line.hasRoom(turns, HERE)).toBe(false);
  expect(line.hasRoom(turns, ELSEWHERE)).toBe(true);
  join(ELSEWHERE);
  while (!seen.includes(`${ELSEWHERE} begins`)) await turn();
  expect(seen.slice(0, 4).toSorted()).toEqual([
    `${HERE} begins`,
    `${HERE} handshake-queue-full`,
    `${ELSEWHERE} begins`,
  ]);
});

test('a gateway with gaps begins one handshake after the other, and keeps no other from its turns', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ loopShare: 1, maxWaiting: 1_000, timeoutMs: 600_000 });
  let gapMs = 60_000;
  const [slow, quick] = [gateway(seen, 'slow', () => gapMs), gateway(seen, 'quick')];
  for (let count = 0; count < 3; count += 1) line.join(slow, new Socket(), HERE);
  for (let count = 0; count < 20; count += 1) line.join(quick, new Socket(), HERE);
  while (line.length > 2) await delay(1);
  expect(seen).toEqual(['slow', ...Array.from({ length: 20 }, () => 'quick')]);
  line.join(quick, new Socket(), HERE);
  while (line.length > 2) await delay(1);
  expect(seen).toHaveLength(22);
  gapMs = 0;
  // Whoever comes next finds out.
  line.join(quick, new Socket(), HERE);
  while (line.length > 0) await delay(1);
  expect(seen.filter((name) => name === 'slow')).toHaveLength(3);
});

test('the line goes on by itself when a gap is over', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ loopShare: 1, maxWaiting: 1_000, timeoutMs: 10_000 });
  const slow = gateway(seen, 'slow', () => 20);
  const startedAt = performance.now();
  for (let count = 0; count < 4; count += 1) line.join(slow, new Socket(), HERE);
  while (line.length > 0) await delay(1);
  expect(seen).toHaveLength(4);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(60);
});

test('of a gateway with gaps only those wait whose turn can come in time', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ loopShare: 1, maxWaiting: 1_000, timeoutMs: 1_000 });
  const slow = gateway(seen, 'slow', () => 500);
  for (let count = 0; count < 4; count += 1) line.join(slow, new Socket(), HERE);
  expect(line.hasRoom(slow, HERE)).toBe(false);
  while (seen.length < 2) await turn();
  expect(seen).toEqual(['slow', 'slow handshake-queue-full']);
});

/** Keeps the event loop busy all the time, a few milliseconds in each turn. */
function keepBusy(): () => void {
  let isOver = false;
  const spin = (): void => {
    const until = performance.now() + 3;
    while (performance.now() < until);
    if (!isOver) setImmediate(spin);
  };
  spin();
  return () => {
    isOver = true;
  };
}

test('on a busy loop a storm is put off while another gateway has devices that connect, and those are not', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ loopShare: 0.1, maxWaiting: 1_000, timeoutMs: 600_000 });
  const [stormy, quiet] = [gateway(seen, 'stormy'), gateway(seen, 'quiet')];
  const count = (name: string): number => seen.filter((each) => each === name).length;
  const rest = keepBusy();
  try {
    line.join(quiet, new Socket(), HERE);
    const startedAt = performance.now();
    for (let index = 0; index < 80; index += 1) line.join(stormy, new Socket(), HERE);
    while (count('stormy') < 40) await turn();
    // But for a burst one in 25 ms, where it would be two in a turn of 3 ms.
    expect(performance.now() - startedAt).toBeGreaterThan(300);
    line.join(quiet, new Socket(), HERE);
    while (count('quiet') < 2) await turn();
    expect(count('stormy')).toBeLessThan(80);
  } finally {
    rest();
  }
  while (line.length > 0) await delay(1);
  expect(count('stormy')).toBe(80);
});

test('a storm that is alone takes all of a busy loop', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ loopShare: 0.1, maxWaiting: 1_000, timeoutMs: 600_000 });
  const turns = gateway(seen, 'a');
  // As long as nobody else was there for ten seconds; here, nobody was ever.
  const rest = keepBusy();
  try {
    for (let count = 0; count < 100; count += 1) line.join(turns, new Socket(), HERE);
    while (line.length > 0) await turn();
  } finally {
    rest();
  }
  expect(seen).toHaveLength(100);
});

test('who comes alone begins at once', () => {
  const seen: string[] = [];
  new HandshakeLine({ loopShare: 1, maxWaiting: 1, timeoutMs: 10_000 }).join(
    gateway(seen, 'a'),
    new Socket(),
    HERE,
  );
  expect(seen).toEqual(['a']);
});

test('no handshake begins among the immediates, where Node would lose its alert', async () => {
  const phases = new Set<string>();
  let isImmediate = false;
  const line = new HandshakeLine({ loopShare: 1, maxWaiting: 100, timeoutMs: 10_000 });
  const turns: HandshakeTurns = {
    gapMs: none,
    begin: () => phases.add(isImmediate ? 'immediate' : 'other'),
    refuse: () => undefined,
  };
  setImmediate(() => {
    isImmediate = true;
  });
  for (let count = 0; count < 20; count += 1) line.join(turns, new Socket(), HERE);
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

test('those who find the line full are refused, a few in each turn, and at once when they are as many again', async () => {
  const line = new HandshakeLine({ loopShare: 1, maxWaiting: 20, timeoutMs: 10_000 });
  const refused: string[] = [];
  const turns: HandshakeTurns = {
    gapMs: none,
    begin: () => undefined,
    refuse: (_socket, reason) => refused.push(reason),
  };
  holdUp(line);
  for (let count = 0; count < 41; count += 1) line.join(turns, new Socket(), HERE);
  expect(refused).toEqual(['handshake-queue-full']);
  const perTurn: number[] = [];
  while (refused.length < 21) {
    const before = refused.length;
    await turn();
    perTurn.push(refused.length - before);
  }
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(8);
  expect(new Set(refused)).toEqual(new Set(['handshake-queue-full']));
});

test('whoever waited too long is refused, and whoever left is forgotten', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ loopShare: 1, maxWaiting: 10, timeoutMs: 5 });
  const turns = gateway(seen, 'a');
  const gone = new Socket().destroy();
  holdUp(line);
  line.join(turns, gone, HERE);
  line.join(turns, new Socket(), HERE);
  const until = performance.now() + 20;
  while (performance.now() < until);
  while (line.length > 0) await turn();
  expect(seen).toEqual(['a handshake-queue-timeout']);
  expect(line.length).toBe(0);
});

test('of those who waited too long a few are refused in each turn', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ loopShare: 1, maxWaiting: 100, timeoutMs: 5 });
  const turns = gateway(seen, 'a');
  holdUp(line);
  for (let count = 0; count < 100; count += 1) line.join(turns, new Socket(), HERE);
  const until = performance.now() + 20;
  while (performance.now() < until);
  const perTurn: number[] = [];
  while (line.length > 0) {
    const before = seen.length;
    await turn();
    perTurn.push(seen.length - before);
  }
  expect(seen).toHaveLength(100);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(8);
});

test('when a gateway leaves, whoever waits for it is refused, once and with the reason', async () => {
  const seen: string[] = [];
  const line = new HandshakeLine({ loopShare: 1, maxWaiting: 10, timeoutMs: 10_000 });
  const [gone, still] = [gateway(seen, 'gone'), gateway(seen, 'still')];
  holdUp(line);
  const left = new Socket();
  line.join(gone, left, HERE);
  left.destroy();
  // Ten wait for their turn, five to be refused.
  for (let count = 0; count < 14; count += 1) line.join(gone, new Socket(), HERE);
  for (let count = 0; count < 15; count += 1) line.join(still, new Socket(), HERE);
  line.leave(gone);
  expect(seen).toEqual(Array.from({ length: 14 }, () => 'gone gateway-closed'));
  while (line.length > 0 || seen.length < 29) await turn();
  expect(seen.slice(14).toSorted()).toEqual([
    ...Array.from({ length: 10 }, () => 'still'),
    ...Array.from({ length: 5 }, () => 'still handshake-queue-full'),
  ]);
});

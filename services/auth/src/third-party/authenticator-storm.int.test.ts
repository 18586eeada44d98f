import { eventually, startTestNats } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { startAuth } from '../testing/auth-on-nats.ts';
import {
  realAuthenticators,
  startAuthenticatorServer,
  thirdPartyGateway,
} from '../testing/authenticator-server.ts';

const DEAD = { gatewayId: 'gw-dead' };
const WELL = { gatewayId: 'gw-well' };

/** Limits on time are wide unless a test is about them: the machine may be busy with other things. */
async function start(environment: NodeJS.ProcessEnv = {}, timeoutMs = 10_000) {
  const [dead, well] = await Promise.all([startAuthenticatorServer(), startAuthenticatorServer()]);
  const auth = await startAuth(
    await startTestNats(),
    { AUTH_REGISTRY_TIMEOUT_MS: '8000', AUTH_AUTHENTICATOR_WAIT_MS: '20000', ...environment },
    realAuthenticators(),
  );
  const gateways = [
    thirdPartyGateway(DEAD.gatewayId, dead.url, { timeoutMs }),
    thirdPartyGateway(WELL.gatewayId, well.url),
  ];
  for (const gateway of gateways) auth.registry.gateways.set(gateway.gatewayId, gateway);
  return {
    dead,
    well,
    auth,
    async [Symbol.asyncDispose]() {
      await auth[Symbol.asyncDispose]();
      await Promise.all([dead[Symbol.asyncDispose](), well[Symbol.asyncDispose]()]);
    },
  };
}

const addressOf = (index: number) => `198.18.${index >> 8}.${index & 255}`;

/** Lets `count` devices connect at once, each from an address of its own. */
async function storm(
  auth: Awaited<ReturnType<typeof startAuth>>,
  gateway: { gatewayId: string; remoteAddress?: string },
  count: number,
) {
  const connecting = Array.from({ length: count }, async (_, index) => {
    const startedAt = performance.now();
    const outcome = await auth.connect(`pump-${index}`, 'secret', {
      remoteAddress: addressOf(index),
      ...gateway,
    });
    return { outcome, milliseconds: performance.now() - startedAt };
  });
  const ends = await Promise.all(connecting);
  return {
    outcomes: ends.map(({ outcome }) => outcome),
    /** How long those took that came to this end. */
    took: (end: string) =>
      ends.flatMap(({ outcome, milliseconds }) => (outcome === end ? [milliseconds] : [])),
  };
}

test('500 devices at once never make more calls at once than the limit, and all come in', async () => {
  await using at = await start({ AUTH_AUTHENTICATOR_CALLS_AT_ONCE: '20' });
  at.well.behaviour.delayMs = 10;
  const { outcomes } = await storm(at.auth, WELL, 500);
  expect(outcomes.filter((each) => each !== 'admitted')).toEqual([]);
  expect(at.well.load.peak).toBe(20);
  expect(at.well.questions).toHaveLength(500);
  expect(at.auth.metrics.authenticatorCalls.of('accepted')).toBe(500);
});

test('more than may wait are busy at once, and those who wait too long soon', async () => {
  const limits = {
    AUTH_AUTHENTICATOR_CALLS_AT_ONCE: '5',
    AUTH_AUTHENTICATOR_CALLS_WAITING: '10',
    AUTH_AUTHENTICATOR_WAIT_MS: '200',
  };
  await using at = await start(limits, 2_000);
  at.dead.behaviour.judge = () => undefined;
  const { outcomes, took } = await storm(at.auth, DEAD, 40);
  expect(outcomes.filter((each) => each === 'authenticator-timeout')).toHaveLength(5);
  expect(outcomes.filter((each) => each === 'authenticator-busy')).toHaveLength(35);
  expect(at.auth.metrics.authenticatorCalls.of('queue-full')).toBe(25);
  expect(at.auth.metrics.authenticatorCalls.of('waited-too-long')).toBe(10);
  expect(Math.max(...took('authenticator-busy'))).toBeLessThan(Math.min(...took('authenticator-timeout')));
  expect(at.dead.questions).toHaveLength(5);
});

test("a dead authenticator does not slow another gateway's devices", async () => {
  await using at = await start({ AUTH_AUTHENTICATOR_CALLS_AT_ONCE: '20' });
  at.dead.behaviour.judge = () => undefined;
  const stuck = storm(at.auth, DEAD, 500);
  await eventually(() => expect(at.dead.load.now).toBe(20));
  const beside = await storm(at.auth, WELL, 100);
  expect(new Set(beside.outcomes)).toEqual(new Set(['admitted']));
  // Nobody waited until the first calls of the dead one were given up, when others would take their place.
  expect(at.dead.questions).toHaveLength(20);
  at.dead.behaviour.judge = () => ({ status: 503 });
  at.dead.hangUp();
  expect((await stuck).outcomes).not.toContain('admitted');
});

test("nor does it when it is at the other gateway's very origin", async () => {
  await using at = await start();
  const beside = [1, 2].map((number) => thirdPartyGateway(`gw-beside-${number}`, at.dead.url));
  for (const gateway of beside) at.auth.registry.gateways.set(gateway.gatewayId, gateway);
  at.auth.registry.gateways.set(WELL.gatewayId, thirdPartyGateway(WELL.gatewayId, at.dead.url));
  at.dead.behaviour.judge = ({ username }) =>
    username === 'pump-well' ? { body: { deviceName: username } } : undefined;
  const stuck = beside.map((gateway) => storm(at.auth, { gatewayId: gateway.gatewayId }, 50));
  await eventually(() => expect(at.dead.load.now).toBeGreaterThanOrEqual(64));
  expect(await at.auth.connect('pump-well', 'secret', WELL)).toBe('admitted');
  // Nobody waited until the others were given up.
  expect(at.dead.load.now).toBeGreaterThanOrEqual(64);
  at.dead.behaviour.judge = () => ({ status: 503 });
  at.dead.hangUp();
  await Promise.all(stuck);
});

test('the breaker opens when calls fail, and spares the authenticator', async () => {
  await using at = await start({ AUTH_BREAKER_MIN_CALLS: '10', AUTH_BREAKER_OPEN_MS: '60000' });
  const { metrics } = at.auth;
  at.dead.behaviour.judge = () => ({ status: 503 });
  await storm(at.auth, DEAD, 10);
  expect(metrics.breakerChanges.of('open')).toBe(1);

  const { outcomes } = await storm(at.auth, DEAD, 100);
  expect(new Set(outcomes)).toEqual(new Set(['authenticator-unavailable']));
  expect(at.dead.questions).toHaveLength(10);
  expect(metrics.authenticatorCalls.of('breaker-open')).toBe(100);
  const answer = await at.auth.admit('pump-7', 'secret', DEAD);
  expect(answer.steps.at(-1)).toMatchObject({ name: 'breaker', outcome: 'open' });
});

test('one call tries whether the breaker may close, the others are told at once, and it closes then', async () => {
  await using at = await start({ AUTH_BREAKER_MIN_CALLS: '10', AUTH_BREAKER_OPEN_MS: '400' });
  const { metrics } = at.auth;
  at.dead.behaviour.judge = () => ({ status: 503 });
  await storm(at.auth, DEAD, 10);
  at.dead.behaviour.delayMs = 50;
  await eventually(async () => {
    await storm(at.auth, DEAD, 20);
    expect(metrics.breakerChanges.of('half-open')).toBeGreaterThan(0);
  });
  // As often as it was open for so long, which is more than once on a slow machine.
  const tries = metrics.breakerChanges.of('half-open');
  expect(at.dead.questions).toHaveLength(10 + tries);
  expect(metrics.breakerChanges.of('open')).toBe(1 + tries);

  at.dead.behaviour.judge = ({ username }) => ({ body: { deviceName: username } });
  await eventually(async () => expect(await at.auth.connect('pump-7', 'secret', DEAD)).toBe('admitted'));
  expect(metrics.breakerChanges.of('closed')).toBe(1);
  expect((await storm(at.auth, DEAD, 20)).outcomes).not.toContain('authenticator-unavailable');
});

test('one address, whatever it makes the authenticator do, breaks only its own calls', async () => {
  await using at = await start({ AUTH_BREAKER_MIN_CALLS: '5', AUTH_BREAKER_OPEN_MS: '60000' });
  const { metrics } = at.auth;
  at.well.behaviour.judge = ({ username }) =>
    String(username).startsWith('pump-') ? { status: 500 } : { body: { deviceName: username } };
  // Nobody succeeds beside it, and of an IPv6 subscriber the whole /64 counts as one.
  await storm(at.auth, { ...WELL, remoteAddress: '2001:db8::1' }, 20);
  expect(metrics.breakerChanges.of('open')).toBe(0);
  expect(metrics.addressBreakerChanges.of('open')).toBe(1);
  const asked = at.well.questions.length;
  const again = await at.auth.admit('pump-21', 'secret', { ...WELL, remoteAddress: '2001:db8::2' });
  expect(again.steps.at(-1)).toMatchObject({ name: 'breaker', outcome: 'open' });
  expect(at.well.questions).toHaveLength(asked);
  expect(await at.auth.connect('well-1', 'secret', { ...WELL, remoteAddress: '2001:db8:0:1::1' })).toBe(
    'admitted',
  );
});

test('refusals, however many, open no breaker', async () => {
  await using at = await start({ AUTH_BREAKER_MIN_CALLS: '5' });
  at.dead.behaviour.judge = () => ({ status: 403 });
  await storm(at.auth, DEAD, 50);
  at.dead.behaviour.judge = () => ({ body: { deviceName: 'a/b' } });
  await storm(at.auth, DEAD, 50);
  expect(at.auth.metrics.breakerChanges.of('open')).toBe(0);
  expect(at.auth.metrics.authenticatorCalls.of('breaker-open')).toBe(0);
});

test('another authenticator of the gateway has a breaker of its own', async () => {
  await using at = await start({ AUTH_BREAKER_MIN_CALLS: '5', AUTH_BREAKER_OPEN_MS: '60000' });
  at.dead.behaviour.judge = () => ({ status: 503 });
  await storm(at.auth, DEAD, 10);
  expect(await at.auth.connect('pump-7', 'secret', DEAD)).toBe('authenticator-unavailable');
  const moved = { ...thirdPartyGateway(DEAD.gatewayId, at.well.url), version: 2 };
  at.auth.registry.gateways.set(DEAD.gatewayId, moved);
  expect(await at.auth.connect('pump-7', 'secret', { ...DEAD, gatewayVersion: 2 })).toBe('admitted');
});

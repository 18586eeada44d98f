import type { AddressBan, AdmissionRefusal } from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { AddressBans } from './address-bans.ts';
import { AdmissionGuard, type GuardLimits, type Visitor } from './admission-guard.ts';
import { DeviceRefused } from './admission.failures.ts';

/** Bans as the guard sees them. */
class BansInMemory {
  readonly banned = new Set<string>();
  readonly #causes = new Map<string, AddressBan['cause']>();
  #onLifted: (gatewayId: string, address: string) => void = () => undefined;

  onLifted(listener: (gatewayId: string, address: string) => void): void {
    this.#onLifted = listener;
  }

  find(gatewayId: string, address: string): Pick<AddressBan, 'until' | 'cause'> | undefined {
    const key = `${gatewayId} ${address}`;
    if (!this.banned.has(key)) return undefined;
    return { until: 'soon', cause: this.#causes.get(key) ?? 'failed-attempts' };
  }

  ban(gatewayId: string, address: string, cause: AddressBan['cause'] = 'failed-attempts'): void {
    this.banned.add(`${gatewayId} ${address}`);
    this.#causes.set(`${gatewayId} ${address}`, cause);
  }

  lift(gatewayId: string, address: string): void {
    this.banned.delete(`${gatewayId} ${address}`);
    this.#onLifted(gatewayId, address);
  }
}

function newGuard(changes: Partial<GuardLimits> = {}) {
  const bans = new BansInMemory();
  const limits = {
    banFailures: 20,
    banWasted: 30,
    failuresPerUsername: 5,
    rememberedClients: 100,
    ...changes,
  };
  const connected = new Set<string>();
  const sessions = {
    hasFrom: (gatewayId: string, address: string) => connected.has(`${gatewayId} ${address}`),
  };
  const guard = new AdmissionGuard(limits, sessions, bans as unknown as AddressBans, new EdgeMetrics());
  const fail = (visitor: Visitor, times = 1, reason: AdmissionRefusal = 'wrong-password'): void => {
    for (let index = 0; index < times; index += 1) guard.failed(visitor, new DeviceRefused(reason));
  };
  return { bans, guard, fail, connected };
}

const visitor = (username: string, remoteAddress = '192.0.2.1', gatewayId = 'g'): Visitor => ({
  gatewayId,
  remoteAddress,
  username,
  password: Buffer.from('secret'),
  clientCertificate: undefined,
});
const withCertificate = (fingerprint: string): Visitor => ({
  ...visitor(''),
  username: undefined,
  password: undefined,
  clientCertificate: { fingerprint },
});
const connection = (gatewayId: string, remoteAddress: string) => ({
  gatewayId,
  remoteAddress,
  isMeant: true,
});
const guesser = (username: string): Visitor => ({ ...visitor(username), password: Buffer.from('guess') });
const tooMany = expect.objectContaining({ code: 'EDGE_FAILED_ATTEMPTS_EXCEEDED' });
const banned = expect.objectContaining({ code: 'EDGE_ADDRESS_BANNED' });

test('connections that come to no CONNECT ban an address that no device came in from', () => {
  const { guard, bans } = newGuard();
  guard.admitted(visitor('pump', '192.0.2.9'));
  for (let index = 0; index < 30; index += 1) {
    guard.wasted(connection('g', '192.0.2.1'));
    guard.wasted(connection('h', '192.0.2.1'));
    guard.wasted(connection('g', '192.0.2.9'));
  }
  expect(bans.banned.size).toBe(0);
  guard.wasted(connection('g', '192.0.2.1'));
  guard.wasted(connection('g', '192.0.2.9'));
  expect([...bans.banned]).toEqual(['g 192.0.2.1']);
  expect(guard.refusalOfAll('g', '192.0.2.1')).toEqual(banned);
  bans.lift('g', '192.0.2.1');
  expect(guard.refusalOfAll('g', '192.0.2.1')).toBeUndefined();
});

test('where devices are connected, since however long, they ban nobody; and elsewhere no CONNECT', () => {
  const { guard, bans, connected } = newGuard();
  connected.add('g 192.0.2.1');
  for (let index = 0; index < 100; index += 1) guard.wasted(connection('g', '192.0.2.1'));
  expect(bans.banned.size).toBe(0);
  // Another edge, which no device came in by, may ban what this one knows.
  bans.ban('g', '192.0.2.1', 'wasted-connections');
  expect(guard.refusalOfAll('g', '192.0.2.1')).toBeUndefined();
  guard.check(visitor('new'));
});

test('they take the place of no ban for failed attempts, which keeps guesses out', () => {
  const { guard, fail } = newGuard();
  fail(guesser('pump'), 21);
  expect(() => guard.check(visitor('new'))).toThrow(banned);
  for (let index = 0; index < 100; index += 1) guard.wasted(connection('g', '192.0.2.1'));
  expect(() => guard.check(visitor('new'))).toThrow(banned);
});

test.each([{ banWasted: 0 }, { banFailures: 0 }])('with %j nobody is banned for them', (changes) => {
  const { guard, bans } = newGuard(changes);
  for (let index = 0; index < 1_000; index += 1) guard.wasted(connection('g', '192.0.2.1'));
  expect(bans.banned.size).toBe(0);
});

test('failures of one user name at one address stand in nobody else’s way', () => {
  const { guard, fail } = newGuard();
  fail(visitor('pump'), 5);
  expect(() => guard.check(visitor('pump'))).toThrow(tooMany);
  guard.check(visitor('other'));
  guard.check(visitor('pump', '192.0.2.2'));
  guard.check(visitor('pump', '192.0.2.1', 'h'));
});

test('devices that bring nothing but a certificate are told apart by it', () => {
  const { guard, bans, fail } = newGuard();
  fail(withCertificate('a'), 5, 'authenticator-refused');
  expect(() => guard.check(withCertificate('a'))).toThrow(tooMany);
  guard.check(withCertificate('b'));
  guard.admitted(withCertificate('b'));
  expect(() => guard.check(withCertificate('a'))).toThrow(tooMany);
  fail(withCertificate('a'), 16, 'authenticator-refused');
  expect(bans.banned.size).toBe(1);
  guard.check(withCertificate('b'));
  expect(() => guard.check(withCertificate('c'))).toThrow(banned);
});

test('more failures of an address than allowed ban it, with one more than the limit', () => {
  const { guard, bans, fail } = newGuard();
  for (let index = 0; index < 20; index += 1) fail(visitor(`u${index}`));
  expect(bans.banned.size).toBe(0);
  fail(visitor('u20'));
  expect([...bans.banned]).toEqual(['g 192.0.2.1']);
  expect(() => guard.check(visitor('new'))).toThrow(banned);
});

test.each<AdmissionRefusal>([
  'device-disabled',
  'authenticator-unavailable',
  'authenticator-busy',
  'unknown-gateway',
])('%s is no failure of the one who asks', (reason) => {
  const { guard, bans, fail } = newGuard();
  fail(visitor('pump'), 100, reason);
  guard.failed(visitor('pump'), new Error('NATS is away'));
  guard.check(visitor('pump'));
  expect(bans.banned.size).toBe(0);
});

test('a device that was admitted from a banned address still gets in, until its credentials fail', () => {
  const { guard, bans, fail } = newGuard();
  guard.admitted(visitor('pump'));
  bans.ban('g', '192.0.2.1');
  guard.check(visitor('pump'));
  expect(() => guard.check(visitor('other'))).toThrow(banned);
  fail(visitor('pump'));
  expect(() => guard.check(visitor('pump'))).toThrow(banned);
});

test('who guesses the password of a device beside it is stopped, and the device gets in', () => {
  const { guard, bans, fail } = newGuard();
  guard.admitted(visitor('pump'));
  fail(guesser('pump'), 5);
  expect(() => guard.check(guesser('pump'))).toThrow(tooMany);
  guard.check(visitor('pump'));
  bans.ban('g', '192.0.2.1');
  expect(() => guard.check(guesser('pump'))).toThrow(banned);
  guard.check(visitor('pump'));
});

test('whom an operator lets in again begins anew', () => {
  const { guard, bans, fail } = newGuard();
  fail(visitor('pump'), 19);
  bans.ban('g', '192.0.2.1');
  bans.lift('g', '192.0.2.1');
  guard.check(visitor('pump'));
  fail(visitor('other'), 2);
  expect(bans.banned.size).toBe(0);
});

test('of IPv6 a whole /64 counts as one address', () => {
  const { guard, bans, fail } = newGuard();
  for (let index = 0; index < 21; index += 1)
    fail(visitor(`u${index}`, `2001:db8:1:2::${index.toString(16)}`));
  expect(bans.banned.size).toBe(1);
  expect(() => guard.check(visitor('new', '2001:db8:1:2:ffff::1'))).toThrow(banned);
  guard.check(visitor('new', '2001:db8:1:3::1'));
});

test('what is remembered is bounded, however many addresses and names there are, and however long', () => {
  const { guard, fail } = newGuard({ banFailures: 1_000_000 });
  for (let index = 0; index < 5_000; index += 1) {
    const someone = visitor('n'.repeat(index % 1_000) + index, `10.0.${index >> 8}.${index & 255}`);
    fail(someone);
    guard.admitted(someone);
    guard.check(someone);
  }
  for (const entries of Object.values(guard.remembered)) {
    expect(entries).toBeLessThanOrEqual(100);
    expect(entries).toBeGreaterThanOrEqual(50);
  }
});

test('nobody of a banned address can come in where no device of it was admitted', () => {
  const { bans, guard } = newGuard();
  guard.admitted(visitor('pump', '192.0.2.1'));
  for (const address of ['192.0.2.1', '192.0.2.2', '2001:db8:0:0']) bans.ban('g', address);
  const refused = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1'].filter(
    (address) => guard.refusalOfAll('g', address) !== undefined,
  );
  expect(refused).toEqual(['192.0.2.2', '2001:db8::1']);
  expect(guard.refusalOfAll('h', '192.0.2.2')).toBeUndefined();
  expect(newGuard({ banFailures: 0 }).guard.refusalOfAll('g', '192.0.2.2')).toBeUndefined();
});

import { createHash, createHmac, randomBytes } from 'node:crypto';
import {
  addressGroup,
  type AddressBan,
  type AdmissionRefusal,
  type ClientCertificate,
} from '@gatehouse/contracts';
import type { Attempt } from '../attempts/attempt.ts';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { Sessions } from '../session/sessions.ts';
import type { AddressBans } from './address-bans.ts';
import { DeviceRefused } from './admission.failures.ts';
import { BoundedTable } from './bounded-table.ts';
import { AddressBanned, FailedAttemptsExceeded } from './connect-limits.failures.ts';
import { RecentCounts } from './recent-counts.ts';

/** Who tries to come in, as far as it is known before anybody is asked. */
export interface Visitor {
  readonly gatewayId: string;
  readonly remoteAddress: string;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  /** Of a verified chain only. */
  readonly clientCertificate: Pick<ClientCertificate, 'fingerprint'> | undefined;
}

export interface GuardLimits {
  /** Failed attempts in a minute that ban an address; 0: nothing does. */
  readonly banFailures: number;
  /** Connections in a minute that came to no CONNECT, by which an address is banned; 0: it is not. */
  readonly banWasted: number;
  /** Failed attempts in a minute with one user name, or one certificate, that are passed on; 0: all are. */
  readonly failuresPerUsername: number;
  /** Entries of each table. */
  readonly rememberedClients: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LONG_USERNAME = 64;

/** What speaks for somebody who guesses; an authenticator that is down or a disabled device does not. */
const GUESSES: ReadonlySet<AdmissionRefusal> = new Set([
  'malformed-credentials',
  'unknown-device',
  'wrong-password',
  'authenticator-refused',
]);

/**
 * Keeps those who guess away from auth: at most so many failed attempts a minute with one user name, and a ban
 * of the address after too many in all. Real devices share their address with others: who was admitted from
 * there with these very credentials within the last hour is passed on, so that nobody keeps a device out by
 * guessing its password beside it, and nobody guesses on under its name. A certificate is part of the user name:
 * devices may have nothing else to tell them apart. Of IPv6 the /64 counts as the address.
 */
export class AdmissionGuard {
  readonly #byAddress: RecentCounts;
  /** Of connections that came to no CONNECT. */
  readonly #wasted: RecentCounts;
  readonly #byUsername: RecentCounts;
  /** Until when credentials that were admitted are exempt. */
  readonly #admitted: BoundedTable<number>;
  /** The same of their addresses: of each at least for as long as of its credentials. */
  readonly #admittedFrom: BoundedTable<number>;
  /** Keeps passwords out of memory: lives and dies with this process. */
  readonly #secret = randomBytes(32);

  constructor(
    private readonly limits: GuardLimits,
    private readonly sessions: Pick<Sessions, 'hasFrom'>,
    private readonly bans: AddressBans,
    private readonly metrics: EdgeMetrics,
  ) {
    const { rememberedClients } = limits;
    this.#byAddress = new RecentCounts(MINUTE_MS, rememberedClients);
    this.#wasted = new RecentCounts(MINUTE_MS, rememberedClients);
    this.#byUsername = new RecentCounts(MINUTE_MS, rememberedClients);
    this.#admitted = new BoundedTable(rememberedClients, isOver);
    this.#admittedFrom = new BoundedTable(rememberedClients, isOver);
    bans.onLifted((gatewayId, address) => {
      const key = `${gatewayId} ${address}`;
      this.#byAddress.clear(key);
      this.#wasted.clear(key);
      this.#byUsername.clearWithPrefix(`${key} `);
    });
    metrics.observe('failing_addresses', () => this.remembered.failingAddresses);
    metrics.observe('failing_usernames', () => this.remembered.failingUsernames);
    metrics.observe('admitted_usernames', () => this.remembered.admittedUsernames);
  }

  /** Entries of its tables. */
  get remembered(): Readonly<Record<'failingAddresses' | 'failingUsernames' | 'admittedUsernames', number>> {
    return {
      failingAddresses: this.#byAddress.size,
      failingUsernames: this.#byUsername.size,
      admittedUsernames: this.#admitted.size,
    };
  }

  /** Why nobody of the address can come in whatever the CONNECT says; undefined when somebody may. */
  refusalOfAll(gatewayId: string, remoteAddress: string): AddressBanned | undefined {
    const ban = this.#banOf(gatewayId, remoteAddress);
    if (ban === undefined || this.hasAdmittedFrom(gatewayId, remoteAddress)) return undefined;
    return new AddressBanned(ban.until);
  }

  /** Whether a device came in from the address within the last hour, or is still connected. */
  hasAdmittedFrom(gatewayId: string, remoteAddress: string): boolean {
    const isRecent = this.#admittedFrom.get(`${gatewayId} ${addressGroup(remoteAddress)}`) !== undefined;
    return isRecent || this.sessions.hasFrom(gatewayId, remoteAddress);
  }

  /** @throws {AddressBanned | FailedAttemptsExceeded} */
  check(visitor: Visitor): void {
    const { failuresPerUsername } = this.limits;
    const found = this.#banOf(visitor.gatewayId, visitor.remoteAddress);
    const ban = found?.cause === 'wasted-connections' ? undefined : found;
    const isGuessed =
      failuresPerUsername > 0 &&
      this.#byUsername.of(usernameKey(visitor), performance.now()) >= failuresPerUsername;
    if (ban === undefined && !isGuessed) return;
    if (this.#admitted.get(this.#credentialsKey(visitor)) !== undefined) {
      this.metrics.banExemptions.add();
      return;
    }
    throw ban === undefined ? new FailedAttemptsExceeded() : new AddressBanned(ban.until);
  }

  admitted(visitor: Visitor): void {
    const untilMs = performance.now() + HOUR_MS;
    this.#admitted.set(this.#credentialsKey(visitor), untilMs);
    this.#admittedFrom.set(`${visitor.gatewayId} ${addressGroup(visitor.remoteAddress)}`, untilMs);
  }

  /**
   * Counts a connection that came to no CONNECT: no TLS, silence, no MQTT. Those of an address that a device came
   * in from do not count: there it may be the next device that has a problem.
   */
  wasted({
    gatewayId,
    remoteAddress,
    isMeant,
  }: Pick<Attempt, 'gatewayId' | 'remoteAddress' | 'isMeant'>): void {
    const { banFailures, banWasted } = this.limits;
    if (banFailures === 0 || banWasted === 0 || !isMeant) return;
    if (this.hasAdmittedFrom(gatewayId, remoteAddress)) return;
    // In the place of a ban for failed attempts it would let guesses in again, where devices are known.
    if (this.#banOf(gatewayId, remoteAddress) !== undefined) return;
    this.#countToBan('wasted-connections', this.#wasted, { gatewayId, remoteAddress }, banWasted);
  }

  /** Counts an attempt that failed, unless it failed for something else than its credentials. */
  failed(visitor: Visitor, failure: unknown): void {
    if (!(failure instanceof DeviceRefused) || !GUESSES.has(failure.reason)) return;
    const now = performance.now();
    // They are not what they were: the device has another password, or is gone.
    this.#admitted.delete(this.#credentialsKey(visitor));
    if (this.limits.failuresPerUsername > 0) this.#byUsername.add(usernameKey(visitor), now);
    if (this.limits.banFailures > 0)
      this.#countToBan('failed-attempts', this.#byAddress, visitor, this.limits.banFailures);
  }

  #countToBan(
    cause: AddressBan['cause'],
    counts: RecentCounts,
    { gatewayId, remoteAddress }: Pick<Visitor, 'gatewayId' | 'remoteAddress'>,
    limit: number,
  ): void {
    const address = addressGroup(remoteAddress);
    const key = `${gatewayId} ${address}`;
    const failures = Math.floor(counts.add(key, performance.now()));
    if (failures <= limit) return;
    counts.clear(key);
    this.bans.ban(gatewayId, address, cause, failures);
  }

  #banOf(gatewayId: string, remoteAddress: string): Pick<AddressBan, 'cause' | 'until'> | undefined {
    if (this.limits.banFailures === 0) return undefined;
    return this.bans.find(gatewayId, addressGroup(remoteAddress));
  }

  #credentialsKey(visitor: Visitor): string {
    const proof = createHmac('sha256', this.#secret).update(visitor.password ?? '');
    return `${usernameKey(visitor)} ${proof.digest('base64')}`;
  }
}

const isOver = (untilMs: number): boolean => untilMs <= performance.now();

/** Only the user name may hold a space. */
function usernameKey({ gatewayId, remoteAddress, username = '', clientCertificate }: Visitor): string {
  const name =
    username.length <= LONG_USERNAME ? username : createHash('sha256').update(username).digest('base64');
  return `${gatewayId} ${addressGroup(remoteAddress)} ${clientCertificate?.fingerprint ?? ''} ${name}`;
}

import { addressGroup } from '@gatehouse/contracts';
import { RecentCounts } from '../admission/recent-counts.ts';

export type AddressRefusal = 'address-connects-exceeded' | 'address-silent';

export interface AddressLimitsSettings {
  /** Connections of one address to one port in a minute; 0: any number. */
  readonly connectsPerMinute: number;
  /** Of its connections to one port, those that have not sent a ClientHello yet. */
  readonly silent: number;
  /** Addresses remembered at one time. */
  readonly rememberedClients: number;
}

const MINUTE_MS = 60_000;

/** What one address may have of a port before it has said anything. */
export class AddressLimits {
  readonly #connects: RecentCounts;
  /** By port and address. */
  readonly #silent = new Map<string, number>();

  constructor(private readonly settings: AddressLimitsSettings) {
    this.#connects = new RecentCounts(MINUTE_MS, settings.rememberedClients);
  }

  /** Connections of which nothing was heard yet. */
  get silent(): number {
    return [...this.#silent.values()].reduce((sum, count) => sum + count, 0);
  }

  /**
   * A connection was accepted.
   *
   * @returns why it is closed unread; undefined when it is read, and {@link heard} is to be called
   */
  accepted(port: number, remoteAddress: string): AddressRefusal | undefined {
    const key = keyOf(port, remoteAddress);
    const { connectsPerMinute, silent } = this.settings;
    if (connectsPerMinute > 0 && this.#connects.add(key, performance.now()) > connectsPerMinute) {
      return 'address-connects-exceeded';
    }
    const count = this.#silent.get(key) ?? 0;
    if (count >= silent) return 'address-silent';
    this.#silent.set(key, count + 1);
    return undefined;
  }

  /** It has sent something, or is closed. */
  heard(port: number, remoteAddress: string): void {
    const key = keyOf(port, remoteAddress);
    const count = this.#silent.get(key) ?? 0;
    if (count > 1) this.#silent.set(key, count - 1);
    else this.#silent.delete(key);
  }
}

const keyOf = (port: number, remoteAddress: string): string => `${port} ${addressGroup(remoteAddress)}`;

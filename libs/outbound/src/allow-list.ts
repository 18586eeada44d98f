import { BlockList, isIP } from 'node:net';
import { allowListEntry, canonicalAddress } from './allow-list-entry.ts';
import { kindOfAddress, plainAddress } from './ip-address.ts';

/**
 * What customers' URLs may reach although it is nobody's from outside: host names, addresses and ranges in CIDR
 * notation; of a host name or an address one port alone, if the entry has one. A metadata service is reached only
 * through an entry that is its very address: whoever allows 100.64.0.0/10 does not think of 100.100.100.200.
 */
export class AllowList {
  readonly #hosts = new Set<string>();
  readonly #addresses = new Set<string>();
  readonly #ranges = new BlockList();
  /** Whether an entry means one port alone. */
  #hasPorts = false;

  /** @param text comma-separated entries. @throws {RangeError} that names the entry that is none */
  static parse(text: string): AllowList {
    const list = new AllowList();
    for (const entry of text.split(',').map((each) => each.trim().toLowerCase())) {
      if (entry !== '') list.#add(entry);
    }
    return list;
  }

  get hasPorts(): boolean {
    return this.#hasPorts;
  }

  hasHost(hostname: string, port: number): boolean {
    return hasPlace(this.#hosts, hostname.toLowerCase().replace(/\.$/, ''), port);
  }

  /** @param port without one, whether every port of the address is on the list */
  hasAddress(text: string, port?: number): boolean {
    const address = plainAddress(text);
    if (address === undefined) return false;
    if (hasPlace(this.#addresses, canonicalAddress(address), port)) return true;
    if (kindOfAddress(address) === 'metadata') return false;
    return this.#ranges.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }

  #add(text: string): void {
    const entry = allowListEntry(text);
    switch (entry.kind) {
      case 'range':
        this.#ranges.addSubnet(entry.network, entry.prefix, isIP(entry.network) === 4 ? 'ipv4' : 'ipv6');
        return;
      case 'address':
        this.#addresses.add(placeOf(entry.address, entry.port));
        break;
      case 'host':
        this.#hosts.add(placeOf(entry.hostname, entry.port));
    }
    this.#hasPorts ||= entry.port !== undefined;
  }
}

const placeOf = (name: string, port?: number): string => `${name} ${port ?? 'every port'}`;

const hasPlace = (places: ReadonlySet<string>, name: string, port: number | undefined): boolean =>
  places.has(placeOf(name)) || places.has(placeOf(name, port));

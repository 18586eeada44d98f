import { BlockList, isIP } from 'node:net';
import { kindOfAddress, plainAddress } from './ip-address.ts';

const SUBNET = /^([^/]+)\/(\d{1,3})$/;
const HOST_NAME = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/**
 * What customers' URLs may reach although it is nobody's from outside: host names, addresses and ranges in CIDR
 * notation. A metadata service is reached only through an entry that is its very address: whoever allows
 * 100.64.0.0/10 does not think of 100.100.100.200.
 */
export class AllowList {
  readonly #hosts = new Set<string>();
  readonly #addresses = new Set<string>();
  readonly #subnets = new BlockList();

  /** @param text comma-separated entries. @throws {RangeError} that names the entry that is none */
  static parse(text: string): AllowList {
    const list = new AllowList();
    for (const entry of text.split(',').map((each) => each.trim().toLowerCase())) {
      if (entry !== '') list.#add(entry);
    }
    return list;
  }

  hasHost(hostname: string): boolean {
    return this.#hosts.has(hostname.toLowerCase().replace(/\.$/, ''));
  }

  hasAddress(text: string): boolean {
    const address = plainAddress(text);
    if (address === undefined) return false;
    if (this.#addresses.has(canonical(address))) return true;
    if (kindOfAddress(address) === 'metadata') return false;
    return this.#subnets.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
  }

  #add(entry: string): void {
    const bare = entry.replace(/^\[(.*)\]$/, '$1');
    const address = plainAddress(bare);
    const [, network = '', prefix = ''] = SUBNET.exec(bare) ?? [];
    const family = isIP(network);
    if (address !== undefined) this.#addresses.add(canonical(address));
    else if (family !== 0 && Number(prefix) <= (family === 4 ? 32 : 128)) {
      const isWhole = Number(prefix) === (family === 4 ? 32 : 128);
      if (isWhole) this.#addresses.add(canonical(plainAddress(network) ?? network));
      else this.#subnets.addSubnet(network, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
    } else if (HOST_NAME.test(bare) && !/^[\d.]+$/.test(bare)) this.#hosts.add(bare);
    else {
      throw new RangeError(
        `holds ${JSON.stringify(entry)}, which is no host name, address or range such as 10.20.0.0/16; ports and wildcards are not taken`,
      );
    }
  }
}

const canonical = (address: string): string =>
  isIP(address) === 4 ? address : new URL(`http://[${address}]`).hostname.slice(1, -1);

import type { AllowList } from './allow-list.ts';
import { kindOfAddress } from './ip-address.ts';
import { OutboundAddressForbidden, OutboundUrlInvalid } from './outbound.failures.ts';

/** Kinds that a host name on the operator's list opens; the others need the address or its range. */
const OPENED_BY_NAME: ReadonlySet<string> = new Set(['loopback', 'private']);

export interface OutboundPolicySettings {
  readonly allow: AllowList;
  /** For development: loopback addresses may be called, and by http too. */
  readonly allowLoopback: boolean;
}

/** What one request may do that others may not. */
export interface UrlScope {
  /**
   * Whether http is as good as https: for answers that are signed, such as those of OCSP and CRLs (RFC 6960
   * §A.1, RFC 5280 §8). Which addresses may be called stays the same.
   */
  readonly allowHttp: boolean;
}

const HTTPS_ONLY: UrlScope = { allowHttp: false };

/** Which of the addresses that customers supply may be called. */
export class OutboundPolicy {
  constructor(private readonly settings: OutboundPolicySettings) {}

  /** @throws {OutboundUrlInvalid} */
  urlOf(text: string, { allowHttp } = HTTPS_ONLY): URL {
    const url = URL.parse(text);
    if (url === null) throw new OutboundUrlInvalid('the URL is none; give one such as https://example.com/');
    if (url.username !== '' || url.password !== '') {
      throw new OutboundUrlInvalid(`the URL of ${url.host} may not hold a user name or password`);
    }
    const isHttp = url.protocol === 'http:' && (allowHttp || this.settings.allowLoopback);
    if (url.protocol !== 'https:' && !isHttp) {
      const schemes = allowHttp ? 'http:// or https://' : 'https://';
      throw new OutboundUrlInvalid(`the URL of ${url.host || 'nobody'} must begin with ${schemes}`);
    }
    return url;
  }

  /**
   * Asked of the address that a connection is made to, each time one is made.
   *
   * @returns the failure that forbids it, if one does
   */
  refusalOf(url: URL, address: string, { allowHttp } = HTTPS_ONLY): OutboundAddressForbidden | undefined {
    const hostname = bareHostname(url);
    const port = portOf(url);
    const kind = kindOfAddress(address);
    const isOpenLoopback = kind === 'loopback' && this.settings.allowLoopback;
    if (url.protocol === 'http:' && !allowHttp) {
      return isOpenLoopback ? undefined : new OutboundAddressForbidden(hostname, 'public');
    }
    const isAllowed =
      kind === 'public' ||
      isOpenLoopback ||
      this.settings.allow.hasAddress(address, port) ||
      (OPENED_BY_NAME.has(kind) && this.settings.allow.hasHost(hostname, port));
    return isAllowed ? undefined : new OutboundAddressForbidden(hostname, kind);
  }
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'http:' ? 80 : 443;
}

/** Without the brackets of an IPv6 address. */
export function bareHostname(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

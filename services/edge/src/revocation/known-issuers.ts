import { X509Certificate } from 'node:crypto';
import { BoundedMap } from '@gatehouse/bounded-map';
import { fingerprintOf, pemOf, type ClientChain } from './client-chain.ts';

/** As many as the question about a certificate's status takes, with the certificate itself. */
const MAX_ISSUERS = 15;
/** Intermediates of one gateway that are remembered; a fleet has a handful. */
const MAX_REMEMBERED = 256;
const MAX_TRIES = 50;
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The authorities above the devices of one gateway: its device roots, and the intermediates that devices
 * sent in full handshakes. A resumed session has the device's own certificate only (RFC 5077 §3.2 seals no
 * more than that here), so its chain is put together from what others have shown.
 */
export class KnownIssuers {
  #trusted: readonly X509Certificate[];
  /** By fingerprint; each was part of a chain that TLS verified. The oldest goes first. */
  readonly #shown = new BoundedMap<string, X509Certificate>(MAX_REMEMBERED);
  /** The way up from an issuer to a root, the issuer first, by its fingerprint. */
  readonly #ways = new BoundedMap<string, readonly string[]>(MAX_REMEMBERED);

  /** @param deviceRoots PEM, with or without intermediates */
  constructor(deviceRoots: string | null) {
    this.#trusted = certificatesOf(deviceRoots);
  }

  /** Other roots: what was shown under the former ones may not count any more. */
  trust(deviceRoots: string | null): void {
    const trusted = certificatesOf(deviceRoots);
    if (fingerprints(trusted) === fingerprints(this.#trusted)) return;
    this.#trusted = trusted;
    this.#shown.clear();
    this.#ways.clear();
  }

  /**
   * The chain of a certificate that TLS has verified.
   *
   * @param sent by the device with it, verified or not
   */
  chainOf(peer: X509Certificate, sent: readonly X509Certificate[]): ClientChain {
    const leaf = peer.raw;
    const fingerprint = fingerprintOf(leaf);
    if (this.#isTrustedRoot(peer)) return { fingerprint, leaf, issuers: [], isComplete: true };
    const way = this.#wayFrom(peer, { sent, triesLeft: MAX_TRIES, nowMs: Date.now() }, 0);
    return { fingerprint, leaf, issuers: way ?? [], isComplete: way !== undefined };
  }

  /**
   * Goes up until a root of the gateway, whatever else a device sends along: a root that it brings itself, or
   * another certificate of an intermediate's name and key, ends nowhere.
   */
  #wayFrom(certificate: X509Certificate, search: Search, depth: number): readonly string[] | undefined {
    if (depth === MAX_ISSUERS) return undefined;
    for (const issuer of [...this.#trusted, ...search.sent, ...this.#shown.values()]) {
      if (!certificate.checkIssued(issuer) || issuer.validToDate.getTime() < search.nowMs) continue;
      search.triesLeft -= 1;
      if (search.triesLeft < 0) return undefined;
      if (!hasSigned(issuer, certificate)) continue;
      const known = this.#ways.get(issuer.fingerprint256);
      if (known !== undefined) return known;
      const above = this.#isTrustedRoot(issuer) ? [] : this.#wayFrom(issuer, search, depth + 1);
      if (above !== undefined) return this.#keep(issuer, [pemOf(issuer.raw), ...above]);
    }
    return undefined;
  }

  #keep(issuer: X509Certificate, way: readonly string[]): readonly string[] {
    const { fingerprint256 } = issuer;
    this.#shown.set(fingerprint256, issuer);
    this.#ways.set(fingerprint256, way);
    return way;
  }

  #isTrustedRoot(certificate: X509Certificate): boolean {
    return (
      certificate.checkIssued(certificate) &&
      this.#trusted.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256)
    );
  }
}

interface Search {
  readonly sent: readonly X509Certificate[];
  readonly nowMs: number;
  /** Signatures that may still be looked at: a device that sends a maze gets no further. */
  triesLeft: number;
}

const fingerprints = (some: readonly X509Certificate[]): string =>
  some.map(({ fingerprint256 }) => fingerprint256).join(' ');

function hasSigned(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // A key or an algorithm that this OpenSSL does not know.
    return false;
  }
}

function certificatesOf(pem: string | null): X509Certificate[] {
  return [...(pem ?? '').matchAll(PEM)].map(([one]) => new X509Certificate(one));
}

import { createHash } from 'node:crypto';

/** The certificate of a device with those above it: what its status is asked with. */
export interface ClientChain {
  /** SHA-256 of the DER of its own, lower-case hexadecimal. */
  readonly fingerprint: string;
  /** DER. */
  readonly leaf: Buffer;
  /** PEM of its issuer, of that one's issuer, up to the root; shared by all devices below them. */
  readonly issuers: readonly string[];
  /** Whether the last of them is a root. */
  readonly isComplete: boolean;
}

/** PEM (RFC 7468) of each, the device's own first. */
export function pemChain({ leaf, issuers }: ClientChain): string[] {
  return [pemOf(leaf), ...issuers];
}

/** @param der of a certificate */
export function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

export const fingerprintOf = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex');

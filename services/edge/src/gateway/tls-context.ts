import { constants, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { GatewayListener } from '@gatehouse/contracts';
import { CertificateUnusable } from './gateway.failures.ts';
import { sessionIdContext } from './ticket-keys.ts';

/** How long a ticket is worth something, at most. */
const SESSION_TIMEOUT_SECONDS = 43_200;

/** Those of TLS 1.3, then of TLS 1.2 what has forward secrecy and is an AEAD (RFC 9325 §4.2). */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-CCM',
  'ECDHE-ECDSA-AES128-CCM',
].join(':');

/** One of the chains that a gateway shows, with its key. */
export interface ServerChain {
  /** PEM, end-entity first. */
  readonly certificate: string;
  readonly privateKey: string;
}

/** The chains of a gateway, the one that is preferred first. */
export function serverChains(gateway: GatewayListener): ServerChain[] {
  const { alternativeServerCertificate, alternativeServerPrivateKey } = gateway;
  const first = { certificate: gateway.serverCertificate, privateKey: gateway.serverPrivateKey };
  return alternativeServerCertificate === null || alternativeServerPrivateKey === null
    ? [first]
    : [first, { certificate: alternativeServerCertificate, privateKey: alternativeServerPrivateKey }];
}

/**
 * What TLS serves with one chain of a gateway, and whom the certificates of its devices must chain to.
 *
 * @param ticketKey that session tickets are sealed with; without it Node makes up one
 * @throws {CertificateUnusable} when a chain or the key cannot be read, or they do not belong together
 */
export function tlsOptions(
  gateway: GatewayListener,
  chain: ServerChain,
  ticketKey: Buffer | undefined,
): { readonly options: SecureContextOptions; readonly publicKey: KeyObject } {
  const { gatewayId, deviceRootCertificate } = gateway;
  const options: SecureContextOptions = {
    cert: chain.certificate,
    key: chain.privateKey,
    minVersion: gateway.tls.minVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    // Whom a connection belongs to is decided once, by its first handshake.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    sessionIdContext: sessionIdContext(gateway),
    sessionTimeout: SESSION_TIMEOUT_SECONDS,
    ...(deviceRootCertificate === null ? {} : { ca: deviceRootCertificate }),
    ...(ticketKey === undefined ? {} : { ticketKeys: ticketKey }),
  };
  try {
    const leaf = new X509Certificate(chain.certificate);
    if (!leaf.checkPrivateKey(createPrivateKey(chain.privateKey))) {
      throw new CertificateUnusable(gatewayId, 'the private key is not the one of the certificate');
    }
    createSecureContext(options);
    return { options, publicKey: leaf.publicKey };
  } catch (error) {
    if (error instanceof CertificateUnusable) throw error;
    throw new CertificateUnusable(gatewayId, error instanceof Error ? error.message : 'it cannot be read');
  }
}

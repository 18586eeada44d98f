import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { GatewayListener } from '@gatehouse/contracts';
import { CertificateUnusable } from './gateway.failures.ts';
import { sessionIdContext } from './ticket-keys.ts';

/** How long a ticket is worth something, at most. */
const SESSION_TIMEOUT_SECONDS = 43_200;

/**
 * What TLS serves for a gateway: its chain and key, TLS 1.2 and 1.3, and whom the certificates of its
 * devices must chain to.
 *
 * @param ticketKey that session tickets are sealed with; without it Node makes up one
 * @throws {CertificateUnusable} when a chain or the key cannot be read, or they do not belong together
 */
export function tlsOptions(gateway: GatewayListener, ticketKey: Buffer | undefined): SecureContextOptions {
  const { gatewayId, deviceRootCertificate } = gateway;
  const options: SecureContextOptions = {
    cert: gateway.serverCertificate,
    key: gateway.serverPrivateKey,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    sessionIdContext: sessionIdContext(gateway),
    sessionTimeout: SESSION_TIMEOUT_SECONDS,
    ...(deviceRootCertificate === null ? {} : { ca: deviceRootCertificate }),
    ...(ticketKey === undefined ? {} : { ticketKeys: ticketKey }),
  };
  try {
    const leaf = new X509Certificate(gateway.serverCertificate);
    if (!leaf.checkPrivateKey(createPrivateKey(gateway.serverPrivateKey))) {
      throw new CertificateUnusable(gatewayId, 'the private key is not the one of the certificate');
    }
    createSecureContext(options);
  } catch (error) {
    if (error instanceof CertificateUnusable) throw error;
    throw new CertificateUnusable(gatewayId, error instanceof Error ? error.message : 'it cannot be read');
  }
  return options;
}

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { GatewayListener } from '@gatehouse/contracts';
import { CertificateUnusable } from './gateway.failures.ts';

/**
 * What TLS serves for a gateway: its chain and key, TLS 1.2 and 1.3.
 *
 * @throws {CertificateUnusable} when chain or key cannot be read or do not belong together
 */
export function tlsOptions(gateway: GatewayListener): SecureContextOptions {
  const options: SecureContextOptions = {
    cert: gateway.serverCertificate,
    key: gateway.serverPrivateKey,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
  };
  try {
    const leaf = new X509Certificate(gateway.serverCertificate);
    if (!leaf.checkPrivateKey(createPrivateKey(gateway.serverPrivateKey))) {
      throw new CertificateUnusable(gateway.gatewayId, 'the private key is not the one of the certificate');
    }
    createSecureContext(options);
  } catch (error) {
    if (error instanceof CertificateUnusable) throw error;
    throw new CertificateUnusable(
      gateway.gatewayId,
      error instanceof Error ? error.message : 'it cannot be read',
    );
  }
  return options;
}

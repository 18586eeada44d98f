import type { CertificateChainView, GatewayCertificatesView } from '@gatehouse/contracts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { detailsOf, parseCertificates } from './certificate-chain.ts';
import type { CertificateField } from './certificate.failures.ts';
import { GatewayNotFound } from './gateway.failures.ts';

/** The certificates of gateways, read from their PEM; private keys are elsewhere. */
export class GatewayCertificateQueries {
  constructor(private readonly db: RegistryDb) {}

  /** @throws {GatewayNotFound} */
  async get(gatewayId: string): Promise<GatewayCertificatesView> {
    const row = await this.db
      .selectFrom('gateway_view')
      .select(['server_certificate', 'device_root_certificate', 'trusted_certificate'])
      .where('gateway_id', '=', gatewayId)
      .executeTakeFirst();
    if (row === undefined) throw new GatewayNotFound(gatewayId);
    const { server_certificate: server, device_root_certificate: root, trusted_certificate: trusted } = row;
    return {
      gatewayId,
      serverCertificate: chainOf('certificates.serverCertificate', server),
      deviceRootCertificate: root === null ? null : chainOf('certificates.deviceRootCertificate', root),
      trustedCertificate: trusted === null ? null : chainOf('certificates.trustedCertificate', trusted),
    };
  }
}

function chainOf(field: CertificateField, pem: string): CertificateChainView {
  const certificates = parseCertificates(field, pem);
  const expiresAt = Math.min(...certificates.map(({ validToDate }) => validToDate.getTime()));
  return { pem, chain: certificates.map(detailsOf), expiresAt: new Date(expiresAt).toISOString() };
}

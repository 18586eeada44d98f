import type { X509Certificate } from 'node:crypto';
import type {
  CertificateChainView,
  DeviceRootsView,
  DeviceRootView,
  GatewayCertificatesView,
} from '@gatehouse/contracts';
import type { RegistryDb } from '../schema/registry-database.ts';
import { detailsOf, parseStored } from './certificate-chain.ts';
import type { DeviceRoot } from './device-roots.ts';
import { GatewayNotFound } from './gateway.failures.ts';

/** The certificates of gateways, read from their PEM; private keys are elsewhere. */
export class GatewayCertificateQueries {
  constructor(private readonly db: RegistryDb) {}

  /**
   * Staples are null: who answers with them asks ocsp (StapledCertificates).
   *
   * @param db the transaction of a command, to see what it has just written
   * @throws {GatewayNotFound}
   */
  async get(gatewayId: string, db: RegistryDb = this.db): Promise<GatewayCertificatesView> {
    const row = await db
      .selectFrom('gateway_view')
      .selectAll()
      .where('gateway_id', '=', gatewayId)
      .executeTakeFirst();
    if (row === undefined) throw new GatewayNotFound(gatewayId);
    const generations = await db
      .selectFrom('gateway_generation_view')
      .selectAll()
      .where('gateway_id', '=', gatewayId)
      .orderBy('stream_version', 'desc')
      .execute();
    return {
      gatewayId,
      version: row.stream_version,
      serverCertificate: chainOf(row.server_certificate),
      alternativeServerCertificate: chainOrNull(row.alternative_server_certificate),
      deviceRootCertificate: chainOrNull(row.device_root_certificate),
      deviceRoots: row.device_roots.map(deviceRootView),
      trustedCertificate: chainOrNull(row.trusted_certificate),
      staple: null,
      alternativeStaple: null,
      generations: generations.map((generation) => ({
        version: generation.stream_version,
        usedFrom: generation.used_from.toISOString(),
        serverCertificate: chainOf(generation.server_certificate),
        alternativeServerCertificate: chainOrNull(generation.alternative_server_certificate),
      })),
    };
  }
}

/** What is told of device roots wherever they are told. */
export function deviceRootsOf({ gatewayId, version, deviceRoots }: GatewayCertificatesView): DeviceRootsView {
  return { gatewayId, version, items: deviceRoots };
}

function deviceRootView({ fingerprint, enabled, certificate }: DeviceRoot): DeviceRootView {
  return { fingerprint, enabled, ...chainOf(certificate.chainPem) };
}

function chainOrNull(pem: string | null): CertificateChainView | null {
  return pem === null ? null : chainOf(pem);
}

function chainOf(pem: string): CertificateChainView {
  return viewOfChain(parseStored(pem), pem);
}

export function viewOfChain(certificates: readonly X509Certificate[], pem: string): CertificateChainView {
  const expiresAt = Math.min(...certificates.map(({ validToDate }) => validToDate.getTime()));
  return { pem, chain: certificates.map(detailsOf), expiresAt: new Date(expiresAt).toISOString() };
}

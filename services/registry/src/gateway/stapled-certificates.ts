import {
  certificateStaple,
  type CertificateChainView,
  type CertificateStaple,
  type GatewayCertificatesView,
  type RequestOf,
  type StapleStatusView,
} from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import { reasonOf } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import { parseStored } from './certificate-chain.ts';
import { promisesStaple } from './certificate-warnings.ts';
import type { GatewayCertificateQueries } from './gateway-certificates.queries.ts';
import { staples } from './gateway-rules.ts';
import type { GatewayQueries } from './gateway-views.queries.ts';

/** Who looks at certificates does not wait for a responder: ocsp has had the staple since an edge asked for it. */
const PATIENCE_MS = 1_000;

type Stapling = Omit<RequestOf<typeof certificateStaple>, 'chain'>;

/** The certificates of a gateway, with what edges staple to them, as ocsp knows it. */
export class StapledCertificates {
  constructor(
    private readonly nats: NatsConnection,
    private readonly gateways: GatewayQueries,
    private readonly certificates: GatewayCertificateQueries,
  ) {}

  /** @throws {GatewayNotFound} */
  async get(gatewayId: string): Promise<GatewayCertificatesView> {
    const view = await this.certificates.get(gatewayId);
    const { serverCertificate, alternativeServerCertificate, trustedCertificate } = view;
    const { ocsp, revocation } = await this.gateways.get(gatewayId);
    if (!staples(ocsp) || trustedCertificate === null) return view;
    const { responderUrl } = revocation;
    const stapling = { gatewayId, trustedCertificate: trustedCertificate.pem, responderUrl };
    const [staple, alternativeStaple] = await Promise.all([
      this.#statusOf(serverCertificate, stapling),
      alternativeServerCertificate && this.#statusOf(alternativeServerCertificate, stapling),
    ]);
    return { ...view, staple, alternativeStaple };
  }

  async #statusOf({ pem }: CertificateChainView, stapling: Stapling): Promise<StapleStatusView> {
    const certificates = parseStored(pem);
    const [leaf] = certificates;
    const mustStaple = leaf !== undefined && promisesStaple(leaf);
    const request = { ...stapling, chain: certificates.map(String) };
    try {
      const answer = await callService(this.nats, certificateStaple, request, PATIENCE_MS);
      return statusOf(answer, mustStaple);
    } catch (error) {
      return { outcome: 'not-known', mustStaple, lastError: reasonOf(error) };
    }
  }
}

function statusOf(answer: CertificateStaple, mustStaple: boolean): StapleStatusView {
  if (answer.outcome === 'staple') {
    const { response: _, askAgainAt: __, ...status } = answer;
    return { ...status, mustStaple };
  }
  const { reason: lastError, endedAt } = answer;
  return endedAt === null
    ? { outcome: 'none', mustStaple, lastError }
    : { outcome: 'expired', mustStaple, endedAt, lastError };
}

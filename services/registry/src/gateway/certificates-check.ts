import type {
  CertificateChainView,
  CertificateFinding,
  CertificatesCheckInput,
  CertificatesCheckResult,
} from '@gatehouse/contracts';
import type { Failure } from '@gatehouse/failure';
import { factsOfChain, parseStored, type ParsedChain } from './certificate-chain.ts';
import { warningsOfChain, type WarnedChain } from './certificate-warnings.ts';
import { checkGatewayCertificates, problemOfKeyTypes } from './gateway-certificates.ts';
import { viewOfChain } from './gateway-certificates.queries.ts';
import type { Clock } from './gateway-commands.ts';
import type { GatewayQueries } from './gateway-views.queries.ts';

/** Says of certificates what an upload would be refused for, and uses none of them. */
export class CertificatesCheck {
  constructor(
    private readonly gateways: GatewayQueries,
    private readonly clock: Clock,
  ) {}

  /** @throws {GatewayNotFound} */
  async check(gatewayId: string, input: CertificatesCheckInput): Promise<CertificatesCheckResult> {
    const { hostname, ocsp, certificates: current, x509 } = await this.gateways.get(gatewayId);
    const checked = checkGatewayCertificates(input, { now: this.clock(), withoutKeys: true });
    const { server, alternative, deviceRoot, trusted } = checked.chains;
    const problems: Failure[] = [...checked.problems];
    const serverInForce = server ?? chainOf(current.serverCertificate);
    const alternativeInForce = alternative ?? chainOf(current.alternativeServerCertificate);
    const isGiven = server !== undefined || alternative !== undefined;
    if (isGiven && serverInForce !== undefined && alternativeInForce !== undefined) {
      const same = problemOfKeyTypes(factsOfChain(serverInForce), factsOfChain(alternativeInForce));
      if (same !== undefined) problems.push(same);
    }
    const context = { hostname, ocsp, trusted: trusted ?? chainOf(current.trustedCertificate) ?? [] };
    const warnings = warnedChains(input, checked.chains).flatMap((chain) => warningsOfChain(chain, context));
    if (input.deviceRootCertificate !== undefined && !x509.enabled) {
      warnings.push({
        code: 'device-root-not-used',
        path: 'certificates.deviceRootCertificate',
        message: 'x509.enabled is false: this gateway takes no device root',
      });
    }
    return {
      usable: problems.length === 0,
      problems: problems.flatMap(findingsOf),
      warnings,
      serverCertificate: viewOrNull(server),
      alternativeServerCertificate: viewOrNull(alternative),
      deviceRootCertificate: viewOrNull(deviceRoot),
      trustedCertificate: viewOrNull(trusted),
    };
  }
}

function warnedChains(
  input: CertificatesCheckInput,
  { server, alternative }: Readonly<Record<'server' | 'alternative', ParsedChain | undefined>>,
): WarnedChain[] {
  const warned: WarnedChain[] = [];
  const add = (path: WarnedChain['path'], pem: string | undefined, chain: ParsedChain | undefined): void => {
    if (pem !== undefined && chain !== undefined) warned.push({ path, chain, given: countOf(pem) });
  };
  add('certificates.serverCertificate', input.serverCertificate, server);
  add('certificates.alternativeServerCertificate', input.alternativeServerCertificate, alternative);
  return warned;
}

function findingsOf({ code, errors }: Failure): CertificateFinding[] {
  return errors.map(({ path, message }) => ({ code, path, message }));
}

function chainOf(pem: string | null): ParsedChain | undefined {
  const [first, ...rest] = pem === null ? [] : parseStored(pem);
  return first === undefined ? undefined : [first, ...rest];
}

const countOf = (pem: string): number => parseStored(pem).length;

function viewOrNull(chain: ParsedChain | undefined): CertificateChainView | null {
  return chain === undefined ? null : viewOfChain(chain, factsOfChain(chain).chainPem);
}

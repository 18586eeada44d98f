import { STAPLES_BUCKET } from '@gatehouse/contracts';
import { connectNats, openBucket } from '@gatehouse/nats';
import { createLogger, type Logger } from '@gatehouse/observability';
import { OutboundClient, outboundPolicyOf, systemNames } from '@gatehouse/outbound';
import type { TestAuthority, TestCertificate } from '@gatehouse/pki';
import { OcspMetrics } from '../observability/ocsp-metrics.ts';
import { readOcspConfig } from '../ocsp.config.ts';
import { GuardedHosts } from '../source/guarded-hosts.ts';
import { OcspResponders } from '../source/ocsp-responders.ts';
import { RevocationLists } from '../source/revocation-lists.ts';
import { RevocationSources } from '../source/revocation-sources.ts';
import { StapleStore } from '../stapling/staple-store.ts';
import { Staples } from '../stapling/staples.ts';
import { CertificateVerdicts } from '../status/certificate-verdicts.ts';
import { JudgeChain } from '../status/judge-chain.ts';
import { AnswerVerifier } from '../verification/answer-verifier.ts';
import { ListReader } from '../verification/list-reader.ts';

/** Allowed to call this machine, and quick to give up. */
const ENVIRONMENT = {
  GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1',
  OCSP_RESPONDER_TIMEOUT_MS: '1500',
  OCSP_TOTAL_TIMEOUT_MS: '4000',
};

/** Their threads take a second to start: one each for all tests of a file. */
export const listReader = new ListReader();
const answerVerifier = new AnswerVerifier(1, new OcspMetrics());
await answerVerifier.onModuleInit();

/** Verdicts as they are wired in ocsp.module.ts, without NATS. */
export function startVerdicts(
  environment: NodeJS.ProcessEnv = {},
  logger: Logger = createLogger('ocsp', 'silent'),
  names = systemNames,
) {
  const config = readOcspConfig({ ...ENVIRONMENT, ...environment });
  const metrics = new OcspMetrics();
  const outbound = new OutboundClient(outboundPolicyOf(config), { names });
  const hosts = new GuardedHosts(config, metrics, logger);
  const responders = new OcspResponders(outbound, hosts, answerVerifier, { config, metrics });
  const lists = new RevocationLists(outbound, hosts, listReader, { config, metrics });
  const verdicts = new CertificateVerdicts(new RevocationSources(responders, lists), config, metrics);
  const chains = new JudgeChain(verdicts, config, metrics);
  return {
    config,
    metrics,
    logger,
    responders,
    judge: (leaf: TestCertificate, issuer: TestAuthority, scope: 'leaf' | 'chain' = 'leaf') =>
      chains.judge({ gatewayId: 'gw-1', chain: chainWithRoot(leaf, issuer), scope }),
    judgeChain: chains.judge.bind(chains),
    [Symbol.asyncDispose]: () => outbound.close(),
  };
}

function chainWithRoot(leaf: TestCertificate, issuer: TestAuthority): string[] {
  const above = issuer.intermediates.length === 0 ? [issuer.certificate] : issuer.intermediates;
  return [leaf.certificate, ...above].map(String);
}

/** An instance that hands out staples, on a NATS that others may share. */
export async function startStapling(natsUrl: string, environment: NodeJS.ProcessEnv = {}) {
  const nats = await connectNats(natsUrl, 'ocsp');
  const parts = startVerdicts(environment);
  const { config, metrics, logger, responders } = parts;
  const bucket = await openBucket(nats, STAPLES_BUCKET);
  const store = new StapleStore(bucket, responders, config, logger);
  const staples = new Staples(responders, store, config, { metrics, logger });
  return {
    nats,
    bucket,
    metrics,
    staples,
    async [Symbol.asyncDispose]() {
      staples.onModuleDestroy();
      await parts[Symbol.asyncDispose]();
      await nats.close();
    },
  };
}

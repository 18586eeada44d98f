import { STAPLES_BUCKET } from '@gatehouse/contracts';
import {
  HEALTH_PROBES,
  key,
  LOGGER,
  NATS,
  provide,
  provideMade,
  type ServiceDefinition,
  type ServiceProcess,
} from '@gatehouse/nest';
import { openBucket } from '@gatehouse/nats';
import { OutboundClient, outboundPolicyOf } from '@gatehouse/outbound';
import type { KV } from '@nats-io/kv';
import { Module, type DynamicModule } from '@nestjs/common';
import { OCSP_CONFIG, type OcspConfig } from './ocsp.config.ts';
import { OcspMetrics } from './observability/ocsp-metrics.ts';
import { AuthorityAnswers } from './responder/authority-answers.ts';
import { ClientRate } from './responder/client-rate.ts';
import { ResponderMetrics } from './responder/responder-metrics.ts';
import { responderRoutes } from './responder/responder-routes.ts';
import { GuardedHosts } from './source/guarded-hosts.ts';
import { OcspResponders } from './source/ocsp-responders.ts';
import { RevocationLists } from './source/revocation-lists.ts';
import { RevocationSources } from './source/revocation-sources.ts';
import { StapleController } from './stapling/staple.controller.ts';
import { StapleStore } from './stapling/staple-store.ts';
import { Staples } from './stapling/staples.ts';
import { CertificateStatusController } from './status/certificate-status.controller.ts';
import { CertificateVerdicts } from './status/certificate-verdicts.ts';
import { JudgeChain } from './status/judge-chain.ts';
import { AnswerVerifier } from './verification/answer-verifier.ts';
import { ListReader } from './verification/list-reader.ts';

type HttpApplication = Parameters<NonNullable<ServiceDefinition<OcspConfig>['prepareHttp']>>[0];

const STAPLES_KV = key<KV>('STAPLES_KV');

@Module({})
class OcspModule {}

export function ocspModule(config: OcspConfig, process: ServiceProcess): DynamicModule {
  return {
    module: OcspModule,
    controllers: [CertificateStatusController, StapleController],
    providers: [
      ...process.providers,
      { provide: HEALTH_PROBES, useValue: [] },
      { provide: OCSP_CONFIG, useValue: config },
      provide(OcspMetrics, []),

      provideMade(OutboundClient, [], () => outboundClient(config)),
      provide(GuardedHosts, [OCSP_CONFIG, OcspMetrics, LOGGER]),
      provideMade(
        AnswerVerifier,
        [OcspMetrics],
        (metrics) => new AnswerVerifier(config.OCSP_THREADS, metrics),
      ),
      provideMade(
        OcspResponders,
        [OutboundClient, GuardedHosts, AnswerVerifier, OcspMetrics],
        (outbound, hosts, verifier, metrics) =>
          new OcspResponders(outbound, hosts, verifier, { config, metrics }),
      ),
      provide(ListReader, []),
      provideMade(
        RevocationLists,
        [OutboundClient, GuardedHosts, ListReader, OcspMetrics],
        (outbound, hosts, reader, metrics) =>
          new RevocationLists(outbound, hosts, reader, { config, metrics }),
      ),
      provide(RevocationSources, [OcspResponders, RevocationLists]),

      provide(CertificateVerdicts, [RevocationSources, OCSP_CONFIG, OcspMetrics]),
      provide(JudgeChain, [CertificateVerdicts, OCSP_CONFIG, OcspMetrics]),

      provide(ResponderMetrics, []),
      provideMade(ClientRate, [], () => {
        const { OCSP_CLIENT_REQUESTS_PER_MINUTE: perMinute, OCSP_UNLIMITED_CLIENTS: unlimited } = config;
        return new ClientRate({ perMinute, unlimited });
      }),
      provideMade(
        AuthorityAnswers,
        [NATS, LOGGER],
        (nats, logger) =>
          new AuthorityAnswers(nats, { callsAtOnce: config.OCSP_AUTHORITY_CALLS_AT_ONCE }, logger),
      ),

      provideMade(STAPLES_KV, [], () => openBucket(process.nats, STAPLES_BUCKET, config.STREAM_REPLICAS)),
      provide(StapleStore, [STAPLES_KV, OcspResponders, OCSP_CONFIG, LOGGER]),
      provideMade(
        Staples,
        [OcspResponders, StapleStore, OcspMetrics],
        (responders, store, metrics) =>
          new Staples(responders, store, config, { metrics, logger: process.logger }),
      ),
    ],
  };
}

/** The responder of our own authorities, beside health and metrics. */
export async function prepareOcspHttp(app: HttpApplication): Promise<void> {
  const parts = {
    answers: app.get(AuthorityAnswers),
    metrics: app.get(ResponderMetrics),
    rate: app.get(ClientRate),
  };
  await app.getHttpAdapter().getInstance().register(responderRoutes, parts);
}

/** The limit on calls is kept per host: connections to its address must not be the tighter one. */
function outboundClient(config: OcspConfig): OutboundClient {
  return new OutboundClient(outboundPolicyOf(config), {
    limits: {
      connectionsPerOrigin: config.OCSP_HOST_CALLS_AT_ONCE,
      requestsPerOrigin: 2 * config.OCSP_HOST_CALLS_AT_ONCE,
      // Sooner than the call, so that its end is not taken for one of a host that does not answer.
      nameWaitMs: config.OCSP_RESPONDER_TIMEOUT_MS / 2,
    },
  });
}

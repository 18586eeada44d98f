import { provideMade } from '@gatehouse/nest';
import type { Provider } from '@nestjs/common';
import { LiveGatewaySettings } from '../admission/gateway-settings.ts';
import type { EdgeBase } from '../edge-base.ts';
import { CertificateVerdicts } from './certificate-verdicts.ts';
import { LiveVerdicts } from './live-verdicts.ts';
import { ServerStaples } from './server-staples.ts';

/** What ocsp is asked: about the certificates of clients, and for what is stapled to those of gateways. */
export function revocationProviders(base: EdgeBase): Provider[] {
  const { config, nats, metrics, logger } = base;
  return [
    provideMade(ServerStaples, [], () => {
      const staples = new ServerStaples({ nats, logger });
      metrics.observe('staples', () => staples.summary(Date.now()).count);
      metrics.observe('staple_age_seconds', () => staples.summary(Date.now()).oldestSeconds);
      return staples;
    }),
    provideMade(CertificateVerdicts, [], () => {
      const verdicts = new CertificateVerdicts(config.EDGE_REMEMBERED_CLIENTS, { nats, metrics, logger });
      metrics.observe('known_certificate_verdicts', () => verdicts.size);
      return verdicts;
    }),
    provideMade(LiveVerdicts, [CertificateVerdicts, LiveGatewaySettings], (verdicts, settings) => {
      const live = new LiveVerdicts({ verdicts, settings, logger });
      metrics.observe('watched_certificates', () => live.size);
      metrics.observe('certificate_checks_waiting', () => live.waiting);
      return live;
    }),
  ];
}

import { BANS_BUCKET, certificateStatus } from '@gatehouse/contracts';
import { provide, provideMade } from '@gatehouse/nest';
import { openBucket } from '@gatehouse/nats';
import type { Provider } from '@nestjs/common';
import { AddressBans } from '../admission/address-bans.ts';
import { AdmissionGuard } from '../admission/admission-guard.ts';
import { AdmissionQueues } from '../admission/admission-queues.ts';
import { ClientTurns } from '../admission/client-turns.ts';
import { ConnectRate } from '../admission/connect-rate.ts';
import { LiveGatewaySettings } from '../admission/gateway-settings.ts';
import { AttemptRecorder } from '../attempts/attempt-recorder.ts';
import { NatsConnectionAdmission } from '../admission/nats-connection-admission.ts';
import type { EdgeBase } from '../edge-base.ts';
import { BANS_KV } from '../edge.keys.ts';
import { ConnectHandler } from '../packet-handlers/connect.ts';
import { PublishHandler } from '../packet-handlers/publish.ts';
import { CertificateCheck } from '../revocation/certificate-check.ts';
import { CertificateVerdicts } from '../revocation/certificate-verdicts.ts';
import { FlappingDevices } from '../session/flapping-devices.ts';
import { Sessions } from '../session/sessions.ts';
import { SessionLifecycle } from '../session/session-lifecycle.ts';
import { Departures } from './departures.ts';
import { MqttConnections } from './mqtt-connections.ts';
import { OpenConnections } from './open-connections.ts';

/** What a client goes through: admission, then its packets. */
export function connectionProviders(base: EdgeBase): Provider[] {
  const { config, nats, uplink, spans, metrics, logger } = base;
  return [
    provideMade(BANS_KV, [], () => openBucket(nats, BANS_BUCKET, config.STREAM_REPLICAS)),
    provideMade(AddressBans, [BANS_KV], (bucket) => {
      const limits = { seconds: config.EDGE_BAN_SECONDS, maxBans: config.EDGE_MAX_BANS };
      const bans = new AddressBans(limits, { bucket, edgeId: base.edgeId, metrics, logger });
      metrics.observe('bans', () => bans.size);
      bans.start();
      return bans;
    }),
    provideMade(AdmissionGuard, [AddressBans, Sessions], (bans, sessions) => {
      const limits = {
        banFailures: config.EDGE_BAN_FAILURES,
        banWasted: config.EDGE_BAN_WASTED_CONNECTIONS,
        failuresPerUsername: config.EDGE_FAILURES_PER_USERNAME,
        rememberedClients: config.EDGE_REMEMBERED_CLIENTS,
      };
      return new AdmissionGuard(limits, sessions, bans, metrics);
    }),
    provideMade(
      NatsConnectionAdmission,
      [AdmissionGuard, LiveGatewaySettings, CertificateVerdicts],
      (guard, settings, verdicts) => {
        const queues = new AdmissionQueues(config.EDGE_ADMISSION_CONCURRENCY, config.EDGE_ADMISSION_QUEUE);
        metrics.observe('admission_queue', () => queues.length);
        const certificates = new CertificateCheck(certificateStatus.timeoutMs, settings, verdicts);
        return new NatsConnectionAdmission({
          nats,
          queues,
          guard,
          certificates,
          logger,
        });
      },
    ),
    provideMade(
      ConnectHandler,
      [NatsConnectionAdmission, SessionLifecycle, LiveGatewaySettings, ConnectRate, FlappingDevices],
      (admission, lifecycle, settings, rate, flapping) => {
        const turns = new ClientTurns();
        metrics.observe('clients_in_admission', () => turns.size);
        const parts = { admission, lifecycle, settings, rate, flapping, turns };
        return new ConnectHandler(config.EDGE_ADMISSION_TIMEOUT_MS, parts);
      },
    ),
    provideMade(PublishHandler, [], () => new PublishHandler(uplink, spans, metrics, logger)),
    provide(OpenConnections, []),
    provideMade(AttemptRecorder, [], () => {
      const { edgeId, runId } = base;
      const perAddress = {
        judged: config.EDGE_ATTEMPTS_PER_ADDRESS,
        unidentified: config.EDGE_UNIDENTIFIED_ATTEMPTS_PER_ADDRESS,
      };
      const recorder = new AttemptRecorder(
        {
          edgeId,
          runId,
          perAddress,
          strangersPerGateway: config.EDGE_REFUSED_STRANGERS_PER_GATEWAY,
        },
        base,
      );
      metrics.observe('attempt_queue', () => recorder.queued);
      return recorder;
    }),
    provideMade(
      MqttConnections,
      [
        OpenConnections,
        AdmissionGuard,
        ConnectHandler,
        PublishHandler,
        SessionLifecycle,
        AttemptRecorder,
        LiveGatewaySettings,
      ],
      (open, guard, connect, publish, lifecycle, attempts, settings) => {
        const departures = new Departures();
        metrics.observe('departure_queue', () => departures.length);
        metrics.observe('connections', () => open.size);
        return new MqttConnections({
          ...base,
          limits: {
            connectTimeoutMs: config.EDGE_CONNECT_TIMEOUT_MS,
            maxPacketBytes: config.EDGE_MAX_PACKET_BYTES,
            outboundQueueBytes: config.EDGE_OUTBOUND_QUEUE_BYTES,
            outboundStallMs: config.EDGE_OUTBOUND_STALL_MS,
          },
          open,
          departures,
          guard,
          connect,
          publish,
          lifecycle,
          attempts,
          settings,
        });
      },
    ),
  ];
}

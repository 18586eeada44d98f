import { provide, provideMade } from '@gatehouse/nest';
import type { Provider } from '@nestjs/common';
import { AdmissionQueue } from '../admission/admission-queue.ts';
import { AttemptRecorder } from '../attempts/attempt-recorder.ts';
import { NatsConnectionAdmission } from '../admission/nats-connection-admission.ts';
import type { EdgeBase } from '../edge-base.ts';
import { ConnectHandler } from '../packet-handlers/connect.ts';
import { PublishHandler } from '../packet-handlers/publish.ts';
import { SessionLifecycle } from '../session/session-lifecycle.ts';
import { MqttConnections } from './mqtt-connections.ts';
import { OpenConnections } from './open-connections.ts';

/** What a client goes through: admission, then its packets. */
export function connectionProviders(base: EdgeBase): Provider[] {
  const { config, nats, uplink, spans, metrics, logger } = base;
  return [
    provideMade(NatsConnectionAdmission, [], () => {
      const queue = new AdmissionQueue(config.EDGE_ADMISSION_CONCURRENCY, config.EDGE_ADMISSION_QUEUE);
      metrics.observe('admission_queue', () => queue.length);
      return new NatsConnectionAdmission(nats, queue, config.EDGE_ADMISSION_TIMEOUT_MS, logger);
    }),
    provide(ConnectHandler, [NatsConnectionAdmission, SessionLifecycle]),
    provideMade(PublishHandler, [], () => new PublishHandler(uplink, spans, metrics)),
    provide(OpenConnections, []),
    provideMade(AttemptRecorder, [], () => {
      const { edgeId, runId } = base;
      const perAddress = config.EDGE_ATTEMPTS_PER_ADDRESS;
      const recorder = new AttemptRecorder({ edgeId, runId, perAddress }, base);
      metrics.observe('attempt_queue', () => recorder.queued);
      return recorder;
    }),
    provideMade(
      MqttConnections,
      [OpenConnections, ConnectHandler, PublishHandler, SessionLifecycle, AttemptRecorder],
      (open, connect, publish, lifecycle, attempts) => {
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
          connect,
          publish,
          lifecycle,
          attempts,
        });
      },
    ),
  ];
}

import { EDGES_BUCKET, TICKET_KEYS_BUCKET } from '@gatehouse/contracts';
import { provideMade } from '@gatehouse/nest';
import { openBucket } from '@gatehouse/nats';
import type { Provider } from '@nestjs/common';
import { AdmissionGuard } from '../admission/admission-guard.ts';
import { NatsConnectionAdmission } from '../admission/nats-connection-admission.ts';
import { LiveGatewaySettings } from '../admission/gateway-settings.ts';
import { AttemptRecorder } from '../attempts/attempt-recorder.ts';
import { MqttConnections } from '../connection/mqtt-connections.ts';
import { OpenConnections } from '../connection/open-connections.ts';
import type { EdgeBase } from '../edge-base.ts';
import { EDGES_KV, TICKET_KEYS_KV } from '../edge.keys.ts';
import { ServerStaples } from '../revocation/server-staples.ts';
import { SessionReclaim } from '../session/session-reclaim.ts';
import { SessionEndedByOperator } from '../session/session.failures.ts';
import { Sessions } from '../session/sessions.ts';
import { AddressLimits } from './address-limits.ts';
import { AddressLog } from './address-log.ts';
import { FailedHandshakes } from './failed-handshakes.ts';
import { EdgeEntryWriter } from './edge-entry.ts';
import { GatewayListeners } from './gateway-listeners.ts';
import { HandshakeLine } from './handshake-line.ts';
import { RegistryGateways } from './registry-gateways.ts';
import { TicketKeys } from './ticket-keys.ts';

const HOUR_MS = 3_600_000;
const PLAIN_TEXT_LOG_INTERVAL_MS = 60_000;

/** Which gateways this edge listens for, and how the others learn of it. */
export function gatewayProviders(base: EdgeBase): Provider[] {
  const { config, edgeId, nats, link, metrics, logger } = base;
  return [
    provideMade(EDGES_KV, [], () => openBucket(nats, EDGES_BUCKET, config.STREAM_REPLICAS)),
    provideMade(TICKET_KEYS_KV, [], () => openBucket(nats, TICKET_KEYS_BUCKET, config.STREAM_REPLICAS)),
    provideMade(
      TicketKeys,
      [TICKET_KEYS_KV],
      (bucket) => new TicketKeys(bucket, config.EDGE_TICKET_KEY_HOURS * HOUR_MS, logger),
    ),
    provideMade(
      GatewayListeners,
      [
        MqttConnections,
        Sessions,
        LiveGatewaySettings,
        AttemptRecorder,
        TicketKeys,
        ServerStaples,
        AdmissionGuard,
        NatsConnectionAdmission,
      ],
      (connections, sessions, settings, attempts, ticketKeys, staples, guard, admission) => {
        const handshakes = new HandshakeLine({
          maxWaiting: config.EDGE_HANDSHAKE_QUEUE,
          timeoutMs: config.EDGE_HANDSHAKE_WAIT_MS,
          loopShare: config.EDGE_HANDSHAKE_LOOP_SHARE,
        });
        metrics.observe('handshake_queue', () => handshakes.length);
        const handshakeTimeoutMs = config.EDGE_CONNECT_TIMEOUT_MS;
        const plainTextLog = new AddressLog(PLAIN_TEXT_LOG_INTERVAL_MS);
        const failures = new FailedHandshakes({ attempts, guard, metrics, logger, plainTextLog });
        const addresses = new AddressLimits({
          connectsPerMinute: config.EDGE_CONNECTS_PER_ADDRESS,
          silent: config.EDGE_SILENT_PER_ADDRESS,
          rememberedClients: config.EDGE_REMEMBERED_CLIENTS,
        });
        metrics.observe('silent_connections', () => addresses.silent);
        const listeners = new GatewayListeners({
          registry: new RegistryGateways(nats),
          settings,
          link,
          logger,
          staples,
          port: { host: config.EDGE_HOST, handshakeTimeoutMs, addresses, attempts, failures, logger },
          live: {
            handshakeTimeoutMs,
            handshakes,
            refusalOfAll: (gatewayId, address) => guard.refusalOfAll(gatewayId, address),
            isOut: (gatewayId) => admission.isOut(gatewayId),
            accept: connections.accept,
            failures,
            ticketKeys,
            staples,
            metrics,
            logger,
          },
          onDeleted: (gatewayId) => {
            const reason = new SessionEndedByOperator('gateway-deleted');
            for (const session of sessions.ofGateway(gatewayId)) session.connection.leave(reason);
          },
        });
        ticketKeys.onChange(() => listeners.renewTicketKeys());
        return listeners;
      },
    ),
    provideMade(
      EdgeEntryWriter,
      [EDGES_KV, OpenConnections, GatewayListeners, SessionReclaim],
      (bucket, open, listeners, reclaim) => {
        const read = () => ({ connections: open.size, listeners: listeners.statuses() });
        const onLapsed = () => reclaim.start();
        const entry = new EdgeEntryWriter(edgeId, { bucket, link, logger, read, onLapsed });
        listeners.onChange(() => entry.write());
        return entry;
      },
    ),
  ];
}

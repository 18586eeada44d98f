import { HEALTH_PROBES, provideMade, type ServiceProcess } from '@gatehouse/nest';
import { Module, type DynamicModule } from '@nestjs/common';
import { AttemptRecorder } from './attempts/attempt-recorder.ts';
import { connectionProviders } from './connection/connection.module.ts';
import { OpenConnections } from './connection/open-connections.ts';
import { edgeBase } from './edge-base.ts';
import type { EdgeConfig } from './edge.config.ts';
import { Edge } from './edge.ts';
import { EdgeEntryWriter } from './gateway/edge-entry.ts';
import { GatewayListeners } from './gateway/gateway-listeners.ts';
import { gatewayProviders } from './gateway/gateway.module.ts';
import { TicketKeys } from './gateway/ticket-keys.ts';
import { checkPacketLimit } from './packet-limit.ts';
import { LiveVerdicts } from './revocation/live-verdicts.ts';
import { revocationProviders } from './revocation/revocation.module.ts';
import { SessionLifecycle } from './session/session-lifecycle.ts';
import { sessionController } from './session/session.controller.ts';
import { sessionProviders } from './session/session.module.ts';

@Module({})
class EdgeModule {}

/** Nobody else can answer for the sessions of an edge. */
export const EDGE_SERVICE = { name: 'edge', module: edgeModule, answersUntil: 'stopped' } as const;

export function edgeModule(config: EdgeConfig, process: ServiceProcess): DynamicModule {
  checkPacketLimit(config.EDGE_MAX_PACKET_BYTES, process.nats.info?.max_payload ?? Number.POSITIVE_INFINITY);
  const base = edgeBase(config, process);
  return {
    module: EdgeModule,
    controllers: [sessionController(base.edgeId)],
    providers: [
      ...process.providers,
      ...sessionProviders(base),
      ...connectionProviders(base),
      ...revocationProviders(base),
      ...gatewayProviders(base),
      provideMade(
        Edge,
        [
          GatewayListeners,
          EdgeEntryWriter,
          OpenConnections,
          SessionLifecycle,
          AttemptRecorder,
          TicketKeys,
          LiveVerdicts,
        ],
        (listeners, entry, connections, lifecycle, attempts, ticketKeys, liveVerdicts) =>
          new Edge({ base, listeners, entry, connections, lifecycle, attempts, ticketKeys, liveVerdicts }),
      ),
      provideMade(HEALTH_PROBES, [GatewayListeners], (listeners) => [
        { name: 'gateways', check: () => listeners.check() },
      ]),
    ],
  };
}

import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptRecorder } from './attempts/attempt-recorder.ts';
import { EdgeStopping } from './connection/connection.failures.ts';
import type { OpenConnections } from './connection/open-connections.ts';
import type { EdgeBase } from './edge-base.ts';
import type { EdgeEntryWriter } from './gateway/edge-entry.ts';
import type { GatewayListeners } from './gateway/gateway-listeners.ts';
import type { TicketKeys } from './gateway/ticket-keys.ts';
import type { LiveVerdicts } from './revocation/live-verdicts.ts';
import type { SessionLifecycle } from './session/session-lifecycle.ts';

export interface EdgeParts {
  readonly base: EdgeBase;
  readonly listeners: GatewayListeners;
  readonly entry: EdgeEntryWriter;
  readonly connections: OpenConnections;
  readonly lifecycle: SessionLifecycle;
  readonly attempts: AttemptRecorder;
  readonly ticketKeys: TicketKeys;
  readonly liveVerdicts: LiveVerdicts;
}

/** Starts and stops the edge in order; its method names are those that Nest calls. */
export class Edge {
  constructor(private readonly parts: EdgeParts) {}

  async onApplicationBootstrap(): Promise<void> {
    // Before anybody is listened for: a ticket that is sealed with a key of this edge's own resumes nowhere.
    await this.parts.ticketKeys.start();
    this.parts.entry.start();
    this.parts.listeners.start();
  }

  /** No new clients, then no clients, then nothing that is not stored; bounded by EDGE_STOP_TIMEOUT_MS. */
  async onModuleDestroy(): Promise<void> {
    const { base, listeners, connections, lifecycle, entry, attempts, ticketKeys, liveVerdicts } = this.parts;
    const timeoutMs = base.config.EDGE_STOP_TIMEOUT_MS;
    const deadline = AbortSignal.timeout(timeoutMs);
    const late = delay(timeoutMs, undefined, { ref: false });
    ticketKeys.stop();
    liveVerdicts.stop();
    await Promise.race([listeners.stop(), late]);
    await connections.closeAll(new EdgeStopping(), deadline);
    await Promise.all([base.uplink.flush(deadline), lifecycle.settled(deadline), attempts.flush(deadline)]);
    await Promise.race([entry.stop(), late]);
    if (deadline.aborted) base.logger.warn('the edge was stopped before everything was stored');
    base.uplink.close();
    lifecycle.close();
    attempts.close();
    base.publisher.close();
  }
}

import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@gatehouse/observability';
import { AdmissionChanged } from '../admission/connect-limits.failures.ts';
import type { GatewaySettings, LiveGatewaySettings } from '../admission/gateway-settings.ts';
import type { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface GatewayChangesParts {
  readonly settings: LiveGatewaySettings;
  readonly sessions: Sessions;
  readonly metrics: EdgeMetrics;
  readonly logger: Logger;
}

/** Sessions are ended in so many portions, this far apart: their devices come back as a stream, not at once. */
const PORTIONS = 20;
const PORTION_MS = 25;
/** Rules are compiled for so many sessions before packets have their turn. */
const SESSIONS_AT_ONCE = 100;

/** Brings a gateway's changed settings to its live sessions, within a second. */
export class GatewayChanges {
  constructor(private readonly parts: GatewayChangesParts) {
    parts.settings.onChange((settings, former) => {
      if (former !== undefined) this.#changed(settings, former);
    });
  }

  #changed(settings: GatewaySettings, former: GatewaySettings): void {
    const { gatewayId } = settings;
    if (settings.admissionVersion > former.admissionVersion) void this.#endOutdated(settings);
    const isAffected =
      settings.limits.maxSubscriptions !== former.limits.maxSubscriptions ||
      !isDeepStrictEqual(settings.permissions, former.permissions);
    if (isAffected) void this.#apply(gatewayId);
  }

  /** Those that were admitted by what does not hold any more. */
  async #endOutdated({ gatewayId, admissionVersion }: GatewaySettings): Promise<void> {
    const outdated = this.parts.sessions
      .ofGateway(gatewayId)
      .filter(({ identity }) => identity.admissionVersion < admissionVersion);
    if (outdated.length === 0) return;
    this.parts.logger.info(
      { gatewayId, admissionVersion, sessions: outdated.length },
      'who is admitted has changed; the sessions that were admitted before are ended',
    );
    const portion = Math.ceil(outdated.length / PORTIONS);
    for (let start = 0; start < outdated.length; start += portion) {
      if (start > 0) await delay(PORTION_MS);
      for (const session of outdated.slice(start, start + portion)) {
        session.connection.leave(new AdmissionChanged());
      }
    }
  }

  async #apply(gatewayId: string): Promise<void> {
    for (const [index, session] of this.parts.sessions.ofGateway(gatewayId).entries()) {
      if (index > 0 && index % SESSIONS_AT_ONCE === 0) await turn();
      // It may have changed once more by now.
      const settings = this.parts.settings.of(gatewayId);
      if (settings !== undefined) this.#applyTo(session, settings);
    }
  }

  #applyTo(session: Session, settings: GatewaySettings): void {
    const filters = session.apply(settings);
    if (filters.length === 0) return;
    const { gatewayId, deviceName, number } = session.identity;
    this.parts.metrics.denials.add('live-subscription', filters.length);
    this.parts.logger.info(
      { gatewayId, deviceName, session: number, filters: filters.slice(0, 10), ended: filters.length },
      'subscriptions ended: the permissions of the gateway do not allow them any more',
    );
  }
}

import { SESSIONS_BUCKET } from '@gatehouse/contracts';
import { provide, provideMade } from '@gatehouse/nest';
import { openBucket } from '@gatehouse/nats';
import type { Provider } from '@nestjs/common';
import { ConnectRate } from '../admission/connect-rate.ts';
import { LiveGatewaySettings } from '../admission/gateway-settings.ts';
import type { EdgeBase } from '../edge-base.ts';
import { SESSIONS_KV } from '../edge.keys.ts';
import { DownlinkDelivery } from '../routing/downlink-delivery.ts';
import { LiveVerdicts } from '../revocation/live-verdicts.ts';
import { FlappingDevices } from './flapping-devices.ts';
import { GatewayChanges } from './gateway-changes.ts';
import { Presence } from './presence.ts';
import { SessionDirectory } from './session-directory.ts';
import { SessionBucket } from './session-entries.ts';
import { SessionLifecycle } from './session-lifecycle.ts';
import { SessionReclaim } from './session-reclaim.ts';
import { SessionTakeover } from './session-takeover.ts';
import { Sessions } from './sessions.ts';

/** Who is connected, here and elsewhere, and who is told of it. */
export function sessionProviders(base: EdgeBase): Provider[] {
  const { config, edgeId, runId, nats, publisher, logger, metrics } = base;
  return [
    provideMade(SESSIONS_KV, [], () => openBucket(nats, SESSIONS_BUCKET, config.STREAM_REPLICAS)),
    provide(LiveGatewaySettings, []),
    provide(Sessions, []),
    provideMade(ConnectRate, [], () => {
      const rate = new ConnectRate(config.EDGE_REMEMBERED_CLIENTS);
      metrics.observe('connect_rate_devices', () => rate.devices);
      return rate;
    }),
    provideMade(FlappingDevices, [], () => new FlappingDevices(config.EDGE_REMEMBERED_CLIENTS, base)),
    provideMade(
      GatewayChanges,
      [LiveGatewaySettings, Sessions],
      (settings, sessions) => new GatewayChanges({ settings, sessions, metrics, logger }),
    ),
    provideMade(
      SessionDirectory,
      [SESSIONS_KV],
      (bucket) => new SessionDirectory(new SessionBucket(bucket, publisher), edgeId, logger, metrics),
    ),
    provideMade(
      SessionTakeover,
      [SessionDirectory, Sessions],
      (directory, sessions) => new SessionTakeover(nats, directory, sessions, logger),
    ),
    provideMade(Presence, [], () => {
      const limits = { maxQueued: config.EDGE_PRESENCE_QUEUE, lingerMs: config.EDGE_PRESENCE_LINGER_MS };
      const presence = new Presence(edgeId, runId, limits, base);
      metrics.observe('presence_queue', () => presence.queued);
      return presence;
    }),
    provideMade(
      SessionReclaim,
      [Sessions, SessionDirectory, Presence],
      (sessions, directory, presence) => new SessionReclaim({ sessions, directory, presence, logger }),
    ),
    provideMade(
      SessionLifecycle,
      [
        Sessions,
        SessionDirectory,
        SessionTakeover,
        Presence,
        LiveGatewaySettings,
        ConnectRate,
        FlappingDevices,
        LiveVerdicts,
      ],
      (sessions, directory, takeover, presence, settings, rate, flapping, liveVerdicts) => {
        metrics.observe('sessions', () => sessions.size);
        return new SessionLifecycle({
          sessions,
          directory,
          takeover,
          presence,
          uplink: base.uplink,
          metrics,
          settings,
          rate,
          flapping,
          liveVerdicts,
          downlinkLimits: {
            queueMessages: config.EDGE_DOWNLINK_QUEUE,
            timeoutMs: config.EDGE_DOWNLINK_TIMEOUT_MS,
          },
        });
      },
    ),
    provideMade(DownlinkDelivery, [Sessions], (sessions) => new DownlinkDelivery(sessions, metrics)),
  ];
}

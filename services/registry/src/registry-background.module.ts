import { adoptRestoredLog, EventNotifications } from '@gatehouse/event-store';
import { key, LOGGER, NATS, provide, provideMade } from '@gatehouse/nest';
import { StreamPublisher } from '@gatehouse/nats';
import { observedGauge } from '@gatehouse/observability';
import type { BackgroundWork } from './background/background-work.ts';
import { LogFollower, type LogReader } from './background/log-follower.ts';
import { RegistryWork } from './background/registry-work.ts';
import { SingleInstance } from './background/single-instance.ts';
import { AttemptFollower } from './connection-attempt/attempt-follower.ts';
import { RecentAttempts } from './connection-attempt/recent-attempts.ts';
import { DeviceCommands } from './device/device-commands.ts';
import { DeviceQueries } from './device/device-views.queries.ts';
import { EdgeLoss } from './edge/edge-loss.ts';
import { EdgeSessionCloser } from './edge/edge-session-closer.ts';
import { LiveEdges } from './edge/live-edges.ts';
import { SessionDirectory } from './live-session/session-directory.ts';
import { SessionEnding } from './live-session/session-ending.ts';
import { PresenceConsumer } from './presence/presence-consumer.ts';
import { EventPublication } from './publication/event-publication.ts';
import { CertificateCommands } from './gateway/certificate-commands.ts';
import { CertificateExpiryWatch } from './gateway/certificate-expiry-watch.ts';
import { CLOCK, DATABASE_POOL } from './registry-domain.module.ts';
import { REGISTRY_CONFIG } from './registry.config.ts';
import { migrateRegistry } from './schema/migrate-registry.ts';
import { REGISTRY_DB, type RegistryDb } from './schema/registry-database.ts';
import { SecretSealer } from './secrets/sealed-secret.ts';

const PUBLISH_TIMEOUT_MS = 5_000;

/** Readers of the log, of which one instance at a time runs each. */
const LOG_FOLLOWERS = key<readonly BackgroundWork[]>('LOG_FOLLOWERS');

/** What the registry does unasked, on top of the domain. */
export const registryBackgroundProviders = [
  provide(LiveEdges, [NATS]),
  provideMade(
    RecentAttempts,
    [REGISTRY_CONFIG],
    ({ REGISTRY_CONNECTION_ATTEMPTS }) => new RecentAttempts(REGISTRY_CONNECTION_ATTEMPTS),
  ),
  provideMade(
    AttemptFollower,
    [NATS, RecentAttempts, REGISTRY_CONFIG, LOGGER],
    (nats, attempts, { REGISTRY_CONNECTION_ATTEMPTS }, logger) =>
      new AttemptFollower({ nats, attempts, capacity: REGISTRY_CONNECTION_ATTEMPTS, logger }),
  ),
  provide(SessionDirectory, [NATS]),
  provide(PresenceConsumer, [NATS, DeviceCommands, SessionEnding, LOGGER]),
  provide(EdgeSessionCloser, [DeviceQueries, DeviceCommands, SessionDirectory, LOGGER]),
  provide(SessionEnding, [NATS, DeviceQueries, SessionDirectory, LOGGER]),
  provideMade(StreamPublisher, [NATS], (nats) => new StreamPublisher(nats, PUBLISH_TIMEOUT_MS)),
  provide(EventPublication, [StreamPublisher]),
  provideMade(
    EdgeLoss,
    [NATS, LiveEdges, EdgeSessionCloser],
    (nats, liveEdges, closer) => new EdgeLoss(nats, liveEdges, closer),
  ),
  provideMade(
    CertificateExpiryWatch,
    [REGISTRY_DB, CertificateCommands, CLOCK, LOGGER],
    (db, commands, clock, logger) => new CertificateExpiryWatch({ db, commands, clock, logger }),
  ),
  provideMade(
    LOG_FOLLOWERS,
    [REGISTRY_DB, EventNotifications, EventPublication, SessionEnding],
    (db, notifications, ...readers) => readers.map((reader) => follower(db, notifications, reader)),
  ),
  provideMade(
    SingleInstance,
    [DATABASE_POOL, LOG_FOLLOWERS, EdgeLoss, CertificateExpiryWatch, LOGGER],
    (pool, followers, edgeLoss, expiryWatch, logger) =>
      new SingleInstance(pool, 'registry-work', [...followers, edgeLoss, expiryWatch], logger),
  ),
  provideMade(
    RegistryWork,
    [REGISTRY_DB, SecretSealer, LOGGER, LiveEdges, PresenceConsumer, AttemptFollower, SingleInstance],
    (db, sealer, logger, ...works) =>
      new RegistryWork({
        migrate: async () => {
          await migrateRegistry(db, sealer);
          const moved = await adoptRestoredLog(db);
          if (moved > 0) logger.warn({ events: moved }, 'the log came from another cluster and was taken in');
        },
        works,
        logger,
      }),
  ),
];

function follower(db: RegistryDb, notifications: EventNotifications, reader: LogReader): LogFollower {
  const made = new LogFollower(db, notifications, reader);
  const name = `gatehouse.registry.${reader.name.replaceAll('-', '_')}`;
  observedGauge(
    `${name}.lag`,
    `Age in seconds of the oldest event that ${reader.name} has not done; 0 on instances that do not do it`,
    () => made.lagSeconds,
  );
  observedGauge(
    `${name}.pending`,
    `Events that ${reader.name} has not done, up to 100,000; 0 on instances that do not do it`,
    () => made.pendingEvents,
  );
  return made;
}

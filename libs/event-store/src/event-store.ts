export { appendNewStreams, type NewStream } from './append-new-streams.ts';
export { appendToStream, appendToStreams, type StreamAppend } from './append-to-stream.ts';
export { readCheckpoint, writeCheckpoint } from './checkpoints.ts';
export { isWorthRetrying, violatedConstraint } from './database-errors.ts';
export { AppendAnnouncer, EventNotifications } from './event-notifications.ts';
export { DatabaseUnavailable, StreamVersionConflict } from './event-store.failures.ts';
export {
  createEventTables,
  RECORDED_EVENT,
  type EventMetadata,
  type EventStoreTables,
  type NewEvent,
  type RecordedEvent,
} from './event-table.ts';
export { EventUpcasters, type Upcast, type UpcastSteps } from './event-upcasters.ts';
export { logBacklog, type Backlog } from './log-backlog.ts';
export { openDatabase, type DatabaseOptions, type OpenDatabase } from './open-database.ts';
export { readAll, START_OF_LOG, type LogPosition } from './read-all.ts';
export { readVisible } from './read-visible.ts';
export { tryReaderLock, type ReaderLock } from './reader-lock.ts';
export { adoptRestoredLog } from './restored-log.ts';
export { readStream, readStreamBackwards, streamVersions, type BackwardsPage } from './read-stream.ts';

export { callService, refusalPayload } from './call-service.ts';
export { connectNats, inboxPrefixOf, natsOptions } from './connect-nats.ts';
export { headerLine } from './encoded-headers.ts';
export { GroupRefused } from './group-publisher.failures.ts';
export { GroupPublisher, type GroupMessage } from './group-publisher.ts';
export { isNatsOutage } from './nats-outage.ts';
export {
  MalformedReply,
  PublishRefused,
  RequestTooLarge,
  ServiceTimedOut,
  ServiceUnreachable,
} from './nats.failures.ts';
export { StreamPublisher, type StoredCallback, type StoredMessage } from './stream-publisher.ts';
export { storedMessages } from './stored-messages.ts';
export { ensureStreams, openBucket, type StreamSetup } from './stream-setup.ts';
export { contextOfTraceparent, extractTrace, injectTrace } from './trace-headers.ts';

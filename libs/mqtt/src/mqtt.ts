export type {
  AcknowledgementPacket,
  AuthPacket,
  ClientPacket,
  ConnectPacket,
  DisconnectPacket,
  PingreqPacket,
  PublishPacket,
  SubscribePacket,
  SubscriptionRequest,
  UnsubscribePacket,
  Will,
} from './client-packet.ts';
export { MalformedPacket, PacketTooLarge, UnsupportedProtocolVersion } from './mqtt.failures.ts';
export { PacketIdentifiers } from './packet-identifiers.ts';
export type {
  AcknowledgementProperties,
  AuthProperties,
  ConnackProperties,
  ConnectProperties,
  PublishProperties,
  UserProperty,
  WillProperties,
} from './packet-properties.ts';
export { type OnPacket, PacketReader } from './packet-reader.ts';
export {
  type Connack,
  encodeConnack,
  encodeDisconnect,
  encodePingresp,
  encodePuback,
  encodePublish,
  encodeSuback,
  encodeUnsuback,
  type OutgoingPublish,
} from './packet-writer.ts';
export type { ProtocolVersion, Qos } from './protocol-version.ts';
export { ConnectReturnCode, connectReturnCode, ReasonCode } from './reason-codes.ts';
export { isSharedSubscription, matchesTopicFilter, topicFilterProblem } from './topic-filter.ts';
export { topicNameProblem } from './topic-name.ts';

/** MQTT 5.0 §2.4, table 2-6. The names that share a value are named by the packet that carries them. */
export const ReasonCode = {
  Success: 0x00,
  NormalDisconnection: 0x00,
  GrantedQos0: 0x00,
  GrantedQos1: 0x01,
  GrantedQos2: 0x02,
  DisconnectWithWillMessage: 0x04,
  NoMatchingSubscribers: 0x10,
  NoSubscriptionExisted: 0x11,
  ContinueAuthentication: 0x18,
  ReAuthenticate: 0x19,
  UnspecifiedError: 0x80,
  MalformedPacket: 0x81,
  ProtocolError: 0x82,
  ImplementationSpecificError: 0x83,
  UnsupportedProtocolVersion: 0x84,
  ClientIdentifierNotValid: 0x85,
  BadUserNameOrPassword: 0x86,
  NotAuthorized: 0x87,
  ServerUnavailable: 0x88,
  ServerBusy: 0x89,
  Banned: 0x8a,
  ServerShuttingDown: 0x8b,
  BadAuthenticationMethod: 0x8c,
  KeepAliveTimeout: 0x8d,
  SessionTakenOver: 0x8e,
  TopicFilterInvalid: 0x8f,
  TopicNameInvalid: 0x90,
  PacketIdentifierInUse: 0x91,
  PacketIdentifierNotFound: 0x92,
  ReceiveMaximumExceeded: 0x93,
  TopicAliasInvalid: 0x94,
  PacketTooLarge: 0x95,
  MessageRateTooHigh: 0x96,
  QuotaExceeded: 0x97,
  AdministrativeAction: 0x98,
  PayloadFormatInvalid: 0x99,
  RetainNotSupported: 0x9a,
  QosNotSupported: 0x9b,
  UseAnotherServer: 0x9c,
  ServerMoved: 0x9d,
  SharedSubscriptionsNotSupported: 0x9e,
  ConnectionRateExceeded: 0x9f,
  MaximumConnectTime: 0xa0,
  SubscriptionIdentifiersNotSupported: 0xa1,
  WildcardSubscriptionsNotSupported: 0xa2,
} as const;
export type ReasonCode = (typeof ReasonCode)[keyof typeof ReasonCode];

/** CONNACK return codes of MQTT 3.1 and 3.1.1, §3.2.2.3, table 3.1. */
export const ConnectReturnCode = {
  Accepted: 0,
  UnacceptableProtocolVersion: 1,
  IdentifierRejected: 2,
  ServerUnavailable: 3,
  BadUserNameOrPassword: 4,
  NotAuthorized: 5,
} as const;
export type ConnectReturnCode = (typeof ConnectReturnCode)[keyof typeof ConnectReturnCode];

const refusals: ReadonlyMap<ReasonCode, ConnectReturnCode> = new Map<ReasonCode, ConnectReturnCode>([
  [ReasonCode.UnsupportedProtocolVersion, ConnectReturnCode.UnacceptableProtocolVersion],
  [ReasonCode.ClientIdentifierNotValid, ConnectReturnCode.IdentifierRejected],
  [ReasonCode.BadUserNameOrPassword, ConnectReturnCode.BadUserNameOrPassword],
  [ReasonCode.UnspecifiedError, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.ImplementationSpecificError, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.ServerUnavailable, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.ServerBusy, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.ServerShuttingDown, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.QuotaExceeded, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.UseAnotherServer, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.ServerMoved, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.ConnectionRateExceeded, ConnectReturnCode.ServerUnavailable],
]);

/**
 * The MQTT 3.1.1 return code that says nearest what an MQTT 5.0 CONNACK reason code says. A refusal that
 * a later attempt may overcome becomes 3 (Server unavailable), so that old clients try again; the others
 * become 5 (Not authorized).
 */
export function connectReturnCode(reasonCode: ReasonCode): ConnectReturnCode {
  if (reasonCode < ReasonCode.UnspecifiedError) return ConnectReturnCode.Accepted;
  return refusals.get(reasonCode) ?? ConnectReturnCode.NotAuthorized;
}

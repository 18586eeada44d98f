import type {
  AcknowledgementProperties,
  AuthProperties,
  ConnectProperties,
  PublishProperties,
  UserProperty,
  WillProperties,
} from './packet-properties.ts';
import type { ProtocolVersion, Qos } from './protocol-version.ts';

/** What a client may send to a server. Buffers may be views into the chunk that the socket delivered. */
export type ClientPacket =
  | ConnectPacket
  | PublishPacket
  | AcknowledgementPacket
  | SubscribePacket
  | UnsubscribePacket
  | PingreqPacket
  | DisconnectPacket
  | AuthPacket;

export interface ConnectPacket {
  readonly type: 'connect';
  readonly protocolVersion: ProtocolVersion;
  /** Empty when the client leaves the choice to the server. */
  readonly clientId: string;
  /** Clean Session of MQTT 3.1 and 3.1.1. */
  readonly cleanStart: boolean;
  /** 0 to 65 535; 0 turns Keep Alive off. */
  readonly keepAliveSeconds: number;
  readonly username?: string;
  readonly password?: Buffer;
  readonly will?: Will;
  /** Only what the client sent: the defaults of MQTT 5.0 §3.1.2.11 are not filled in. */
  readonly properties: ConnectProperties;
}

export interface Will {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly properties: WillProperties;
}

export interface PublishPacket {
  readonly type: 'publish';
  /** Empty only with a topic alias, in MQTT 5.0. */
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: Qos;
  readonly dup: boolean;
  readonly retain: boolean;
  /** 1 to 65 535; 0 with QoS 0, which has none. */
  readonly packetId: number;
  readonly properties: PublishProperties | undefined;
}

export interface AcknowledgementPacket {
  readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp';
  readonly packetId: number;
  /** An MQTT 5.0 reason code; 0 in MQTT 3.1 and 3.1.1. */
  readonly reasonCode: number;
  readonly properties: AcknowledgementProperties | undefined;
}

export interface SubscribePacket {
  readonly type: 'subscribe';
  readonly packetId: number;
  /** At least one; the filters are UTF-8 text but may be invalid as filters. */
  readonly subscriptions: readonly SubscriptionRequest[];
  /** 1 to 268 435 455. */
  readonly subscriptionIdentifier?: number;
  readonly userProperties: readonly UserProperty[];
}

export interface SubscriptionRequest {
  readonly filter: string;
  readonly qos: Qos;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** 0: send retained messages; 1: only when the subscription is new; 2: never. */
  readonly retainHandling: 0 | 1 | 2;
}

export interface UnsubscribePacket {
  readonly type: 'unsubscribe';
  readonly packetId: number;
  readonly filters: readonly string[];
  readonly userProperties: readonly UserProperty[];
}

export interface PingreqPacket {
  readonly type: 'pingreq';
}

export interface DisconnectPacket {
  readonly type: 'disconnect';
  readonly reasonCode: number;
  /** Seconds. */
  readonly sessionExpiryInterval?: number;
  readonly reasonString?: string;
  readonly userProperties: readonly UserProperty[];
}

export interface AuthPacket {
  readonly type: 'auth';
  readonly reasonCode: number;
  readonly properties: AuthProperties;
}

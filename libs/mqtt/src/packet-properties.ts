export type UserProperty = readonly [name: string, value: string];

/** Every property that MQTT 5.0 §2.2.2.2 defines, under its name there. Integers are unsigned. */
export interface PacketProperties {
  /** 1: the payload is UTF-8 text. */
  readonly payloadFormatIndicator?: 0 | 1;
  /** Seconds. */
  readonly messageExpiryInterval?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
  /** 1 to 268 435 455; several in a PUBLISH that matched several subscriptions. */
  readonly subscriptionIdentifiers?: readonly number[];
  /** Seconds; 0xFFFFFFFF never expires. */
  readonly sessionExpiryInterval?: number;
  readonly assignedClientIdentifier?: string;
  /** Seconds. */
  readonly serverKeepAlive?: number;
  readonly authenticationMethod?: string;
  readonly authenticationData?: Buffer;
  readonly requestProblemInformation?: boolean;
  /** Seconds. */
  readonly willDelayInterval?: number;
  readonly requestResponseInformation?: boolean;
  readonly responseInformation?: string;
  readonly serverReference?: string;
  readonly reasonString?: string;
  /** 1 to 65 535 packets. */
  readonly receiveMaximum?: number;
  readonly topicAliasMaximum?: number;
  /** 1 to 65 535. */
  readonly topicAlias?: number;
  readonly maximumQos?: 0 | 1;
  readonly retainAvailable?: boolean;
  /** In the order of the packet; a name may occur more than once. [MQTT5-3.3.2-18] */
  readonly userProperties?: readonly UserProperty[];
  /** Bytes, 1 or more. */
  readonly maximumPacketSize?: number;
  readonly wildcardSubscriptionAvailable?: boolean;
  readonly subscriptionIdentifiersAvailable?: boolean;
  readonly sharedSubscriptionAvailable?: boolean;
}

type MessageProperty =
  | 'payloadFormatIndicator'
  | 'messageExpiryInterval'
  | 'contentType'
  | 'responseTopic'
  | 'correlationData'
  | 'userProperties';

export type PublishProperties = Pick<
  PacketProperties,
  MessageProperty | 'topicAlias' | 'subscriptionIdentifiers'
>;
export type WillProperties = Pick<PacketProperties, MessageProperty | 'willDelayInterval'>;
export type ConnectProperties = Pick<
  PacketProperties,
  | 'sessionExpiryInterval'
  | 'receiveMaximum'
  | 'maximumPacketSize'
  | 'topicAliasMaximum'
  | 'requestResponseInformation'
  | 'requestProblemInformation'
  | 'userProperties'
  | 'authenticationMethod'
  | 'authenticationData'
>;
export type ConnackProperties = Pick<
  PacketProperties,
  | 'sessionExpiryInterval'
  | 'receiveMaximum'
  | 'maximumQos'
  | 'retainAvailable'
  | 'maximumPacketSize'
  | 'assignedClientIdentifier'
  | 'topicAliasMaximum'
  | 'reasonString'
  | 'userProperties'
  | 'wildcardSubscriptionAvailable'
  | 'subscriptionIdentifiersAvailable'
  | 'sharedSubscriptionAvailable'
  | 'serverKeepAlive'
  | 'responseInformation'
  | 'serverReference'
  | 'authenticationMethod'
  | 'authenticationData'
>;
export type AcknowledgementProperties = Pick<PacketProperties, 'reasonString' | 'userProperties'>;
export type AuthProperties = Pick<
  PacketProperties,
  'authenticationMethod' | 'authenticationData' | 'reasonString' | 'userProperties'
>;

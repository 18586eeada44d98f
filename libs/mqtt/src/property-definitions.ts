import type { PacketProperties } from './packet-properties.ts';

/** Where a block of properties stands; one bit each. */
export const PropertyPlace = {
  Publish: 0x001,
  Will: 0x002,
  Connect: 0x004,
  Connack: 0x008,
  Acknowledgement: 0x010,
  Subscribe: 0x020,
  Unsubscribe: 0x040,
  Disconnect: 0x080,
  Auth: 0x100,
} as const;
export type PropertyPlace = (typeof PropertyPlace)[keyof typeof PropertyPlace];

export type PropertyFormat =
  | 'bit'
  | 'flag'
  | 'uint16'
  | 'uint32'
  | 'integers'
  | 'text'
  | 'binary'
  | 'text pairs';

export interface PropertyDefinition {
  readonly identifier: number;
  readonly name: keyof PacketProperties;
  readonly format: PropertyFormat;
  /** Of PropertyPlace bits. */
  readonly places: number;
  /** 0 is a Protocol Error. */
  readonly nonZero: boolean;
}

const { Publish, Will, Connect, Connack, Acknowledgement, Subscribe, Unsubscribe, Disconnect, Auth } =
  PropertyPlace;
const EVERYWHERE =
  Publish | Will | Connect | Connack | Acknowledgement | Subscribe | Unsubscribe | Disconnect | Auth;

/** MQTT 5.0 §2.2.2.2, table 2-4. */
const definitions: readonly PropertyDefinition[] = [
  define(0x01, 'payloadFormatIndicator', 'bit', Publish | Will),
  define(0x02, 'messageExpiryInterval', 'uint32', Publish | Will),
  define(0x03, 'contentType', 'text', Publish | Will),
  define(0x08, 'responseTopic', 'text', Publish | Will),
  define(0x09, 'correlationData', 'binary', Publish | Will),
  nonZero(define(0x0b, 'subscriptionIdentifiers', 'integers', Publish | Subscribe)),
  define(0x11, 'sessionExpiryInterval', 'uint32', Connect | Connack | Disconnect),
  define(0x12, 'assignedClientIdentifier', 'text', Connack),
  define(0x13, 'serverKeepAlive', 'uint16', Connack),
  define(0x15, 'authenticationMethod', 'text', Connect | Connack | Auth),
  define(0x16, 'authenticationData', 'binary', Connect | Connack | Auth),
  define(0x17, 'requestProblemInformation', 'flag', Connect),
  define(0x18, 'willDelayInterval', 'uint32', Will),
  define(0x19, 'requestResponseInformation', 'flag', Connect),
  define(0x1a, 'responseInformation', 'text', Connack),
  define(0x1c, 'serverReference', 'text', Connack | Disconnect),
  define(0x1f, 'reasonString', 'text', Connack | Acknowledgement | Disconnect | Auth),
  nonZero(define(0x21, 'receiveMaximum', 'uint16', Connect | Connack)),
  define(0x22, 'topicAliasMaximum', 'uint16', Connect | Connack),
  nonZero(define(0x23, 'topicAlias', 'uint16', Publish)),
  define(0x24, 'maximumQos', 'bit', Connack),
  define(0x25, 'retainAvailable', 'flag', Connack),
  define(0x26, 'userProperties', 'text pairs', EVERYWHERE),
  nonZero(define(0x27, 'maximumPacketSize', 'uint32', Connect | Connack)),
  define(0x28, 'wildcardSubscriptionAvailable', 'flag', Connack),
  define(0x29, 'subscriptionIdentifiersAvailable', 'flag', Connack),
  define(0x2a, 'sharedSubscriptionAvailable', 'flag', Connack),
];

function define(
  identifier: number,
  name: keyof PacketProperties,
  format: PropertyFormat,
  places: number,
): PropertyDefinition {
  return { identifier, name, format, places, nonZero: false };
}

function nonZero(definition: PropertyDefinition): PropertyDefinition {
  return { ...definition, nonZero: true };
}

/** Indexed by identifier; a hole where the specification defines none. */
export const propertyByIdentifier: readonly (PropertyDefinition | undefined)[] = Array.from(
  { length: 0x2b },
  (_, identifier) => definitions.find((definition) => definition.identifier === identifier),
);

export const propertyByName: ReadonlyMap<string, PropertyDefinition> = new Map(
  definitions.map((definition) => [definition.name, definition]),
);

import type { ClientConnection } from '../connection/client-connection.ts';
import { TopicAliases } from '../connection/topic-alias.ts';
import type { UplinkSource } from '../routing/uplink-publisher.ts';
import type { ClientTerms } from './client-terms.ts';
import type { SessionDownlink } from './session-downlink.ts';
import { Subscriptions } from './subscriptions.ts';

/** What CONNACK announces, and what a client must keep to. */
export const RECEIVE_MAXIMUM = 100;
export const TOPIC_ALIAS_MAXIMUM = 16;
export const MAX_SUBSCRIPTIONS = 100;
/** NATS allows 4,096 bytes for a control line, and a topic grows when it is escaped as a subject. */
export const MAX_TOPIC_BYTES = 1_024;

export interface SessionIdentity {
  readonly gatewayId: string;
  readonly productKey: string;
  readonly deviceName: string;
  /** The session number: the revision of the device's entry in the session directory. */
  readonly number: number;
  readonly connectedAt: Date;
  /** When the admission ends, in milliseconds since 1970; Infinity while nothing limits it. */
  readonly expiresAtMs: number;
}

/** A device that is connected: its identity, its terms, and what its packets have set up. */
export class Session {
  readonly subscriptions = new Subscriptions(MAX_SUBSCRIPTIONS);
  readonly aliases = new TopicAliases(TOPIC_ALIAS_MAXIMUM);
  /** QoS 1 messages that it published and that are not stored yet. */
  unacknowledged = 0;
  hasPublished = false;
  /** The topic name that was found valid last; most devices publish to few. */
  validTopic = '';
  #identity: SessionIdentity;

  constructor(
    identity: SessionIdentity,
    readonly terms: ClientTerms,
    readonly connection: ClientConnection,
    readonly ways: {
      readonly uplink: UplinkSource;
      readonly downlink: SessionDownlink;
      /** Of the CONNECT's span, as 25 bytes. */
      readonly trace: Uint8Array;
    },
  ) {
    this.#identity = identity;
  }

  get identity(): SessionIdentity {
    return this.#identity;
  }

  /** The device was claimed again for this session. */
  renumber(number: number): void {
    this.#identity = { ...this.#identity, number };
  }
}

import type { TopicPermission } from '@gatehouse/contracts';
import type { GatewaySettings } from '../admission/gateway-settings.ts';
import type { ClientConnection } from '../connection/client-connection.ts';
import { TopicAliases } from '../connection/topic-alias.ts';
import { TopicPermissions } from '../routing/topic-permissions.ts';
import type { UplinkSource } from '../routing/uplink-publisher.ts';
import type { ClientTerms } from './client-terms.ts';
import { RefusedPublishes } from './refused-publishes.ts';
import type { SessionDownlink } from './session-downlink.ts';
import { Subscriptions } from './subscriptions.ts';

/** What CONNACK announces, and what a client must keep to. */
export const RECEIVE_MAXIMUM = 100;
export const TOPIC_ALIAS_MAXIMUM = 16;
/** NATS allows 4,096 bytes for a control line, and a topic grows when it is escaped as a subject. */
export const MAX_TOPIC_BYTES = 1_024;

export interface SessionIdentity {
  readonly gatewayId: string;
  readonly productKey: string;
  readonly deviceName: string;
  /** The session number: the revision of the device's entry in the session directory. */
  readonly number: number;
  readonly connectedAt: Date;
  /** Of the device's credentials, under which it was admitted; undefined when auth did not say. */
  readonly credentialVersion: number | undefined;
  /** When the admission ends, in milliseconds since 1970; Infinity while nothing limits it. */
  readonly expiresAtMs: number;
  /** `admissionVersion` of the gateway that it was admitted under. */
  readonly admissionVersion: number;
  /** Of the authenticator's answer; they come before those of the gateway. */
  readonly authenticatorRules: readonly TopicPermission[];
}

/** A device that is connected: its identity, its terms, and what its packets have set up. */
export class Session {
  /** None until the gateway's settings are applied. */
  readonly subscriptions = new Subscriptions(0);
  readonly aliases = new TopicAliases(TOPIC_ALIAS_MAXIMUM);
  /** QoS 1 messages that it published and that are not stored yet. */
  unacknowledged = 0;
  readonly refused = new RefusedPublishes();
  isDenialLogged = false;
  hasPublished = false;
  /** The topic name that was found valid and permitted last; most devices publish to few. */
  validTopic = '';
  #identity: SessionIdentity;
  #permissions: TopicPermissions;

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
    this.#permissions = this.#compile([]);
  }

  get identity(): SessionIdentity {
    return this.#identity;
  }

  get permissions(): TopicPermissions {
    return this.#permissions;
  }

  /**
   * Puts the settings of the gateway in force.
   *
   * @returns the filters whose subscriptions ended since they are not permitted any more; MQTT has no packet
   *   that would tell the client
   */
  apply({ limits, permissions }: GatewaySettings): string[] {
    this.subscriptions.limit = limits.maxSubscriptions;
    this.#permissions = this.#compile(permissions);
    this.validTopic = '';
    return this.subscriptions.removeUnless((filter) => this.#permissions.maySubscribe(filter));
  }

  #compile(gatewayRules: readonly TopicPermission[]): TopicPermissions {
    const { deviceName, authenticatorRules } = this.#identity;
    const { username, clientId } = this.terms;
    return new TopicPermissions(
      authenticatorRules.length === 0 ? gatewayRules : [...authenticatorRules, ...gatewayRules],
      { deviceName, username, clientId },
    );
  }

  /** The device was claimed again for this session. */
  renumber(number: number): void {
    this.#identity = { ...this.#identity, number };
  }
}

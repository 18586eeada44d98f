import { matchesTopicFilter } from '@gatehouse/mqtt';

export interface Subscription {
  readonly filter: string;
  /** Granted, so the most that a message to it is delivered with. */
  readonly qos: 0 | 1;
  readonly retainAsPublished: boolean;
  readonly identifier?: number;
}

export interface SubscriptionMatch {
  readonly qos: 0 | 1;
  readonly retainAsPublished: boolean;
  readonly identifiers: readonly number[];
}

/** The subscriptions of one session. */
export class Subscriptions {
  readonly #byFilter = new Map<string, Subscription>();

  /** @param limit holds for what is added; what is there stays when it is lowered */
  constructor(public limit: number) {}

  get size(): number {
    return this.#byFilter.size;
  }

  /** A subscription with the same filter is replaced. @returns false at the limit */
  add(subscription: Subscription): boolean {
    if (this.#byFilter.size >= this.limit && !this.#byFilter.has(subscription.filter)) return false;
    this.#byFilter.set(subscription.filter, subscription);
    return true;
  }

  /** @returns whether it existed */
  remove(filter: string): boolean {
    return this.#byFilter.delete(filter);
  }

  /** @returns the filters that were removed because they are not permitted */
  removeUnless(isPermitted: (filter: string) => boolean): string[] {
    const removed = [...this.#byFilter.keys()].filter((filter) => !isPermitted(filter));
    for (const filter of removed) this.#byFilter.delete(filter);
    return removed;
  }

  /**
   * How a message with this topic name is delivered: once, with the highest QoS of all that match and with
   * the identifiers of all of them [MQTT5-3.3.4-2]; undefined when none matches.
   */
  match(topicName: string): SubscriptionMatch | undefined {
    let qos: 0 | 1 = 0;
    let retainAsPublished = false;
    let matches = 0;
    const identifiers: number[] = [];
    for (const subscription of this.#byFilter.values()) {
      if (!matchesTopicFilter(subscription.filter, topicName)) continue;
      matches += 1;
      if (subscription.qos === 1) qos = 1;
      retainAsPublished ||= subscription.retainAsPublished;
      if (subscription.identifier !== undefined) identifiers.push(subscription.identifier);
    }
    return matches === 0 ? undefined : { qos, retainAsPublished, identifiers };
  }
}

import { TopicAliasInvalid, TopicAliasUnknown } from './connection.failures.ts';

/** Topic aliases that an MQTT 5.0 client has set on its connection (§3.3.2.3.4). */
export class TopicAliases {
  readonly #topics: (string | undefined)[] = [];

  /** @param maximum Topic Alias Maximum as announced in CONNACK */
  constructor(readonly maximum: number) {}

  /**
   * The topic name that a PUBLISH means; a name together with an alias sets the alias.
   *
   * @param topic topic name of the packet, empty when the alias stands for it
   * @throws {TopicAliasInvalid} outside 1 to the maximum [MQTT5-3.3.2-8] [MQTT5-3.3.2-9]
   * @throws {TopicAliasUnknown} an alias that was never set
   */
  resolve(topic: string, alias: number): string {
    if (alias < 1 || alias > this.maximum) throw new TopicAliasInvalid(alias, this.maximum);
    if (topic !== '') {
      this.#topics[alias] = topic;
      return topic;
    }
    const known = this.#topics[alias];
    if (known === undefined) throw new TopicAliasUnknown(alias);
    return known;
  }
}

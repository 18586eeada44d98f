const LAST_IDENTIFIER = 65_535;

/**
 * Packet identifiers of the messages that one client has not acknowledged yet. Freed identifiers come back
 * as late as possible, so that a late acknowledgement does not hit a newer message.
 *
 * @see MQTT 5.0 §2.2.1 [MQTT5-2.2.1-3] [MQTT5-2.2.1-4]
 */
export class PacketIdentifiers {
  readonly #inUse = new Set<number>();
  #last = 0;

  /** @returns 1 to 65 535, or undefined while all are in use */
  allocate(): number | undefined {
    if (this.#inUse.size === LAST_IDENTIFIER) return undefined;
    do {
      this.#last = this.#last === LAST_IDENTIFIER ? 1 : this.#last + 1;
    } while (this.#inUse.has(this.#last));
    this.#inUse.add(this.#last);
    return this.#last;
  }

  /** @returns whether it was in use */
  release(packetId: number): boolean {
    return this.#inUse.delete(packetId);
  }

  get inUse(): number {
    return this.#inUse.size;
  }
}

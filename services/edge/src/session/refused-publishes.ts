interface Refused {
  readonly packetId: number;
  readonly reasonCode: number;
  /** Messages of the session that had to be stored before, counted from the first refusal that waits. */
  readonly turn: number;
}

/**
 * QoS 1 messages that were refused behind others that are not stored yet: PUBACKs go out in the order of the
 * PUBLISHes [MQTT5-4.6.0-2] [MQTT3-4.6.0-2].
 */
export class RefusedPublishes {
  readonly #waiting: Refused[] = [];
  #stored = 0;

  get size(): number {
    return this.#waiting.length;
  }

  /** @param ahead messages of the session before it that are not stored yet */
  add(packetId: number, reasonCode: number, ahead: number): void {
    this.#waiting.push({ packetId, reasonCode, turn: this.#stored + ahead });
  }

  /** One more message is stored: answers the refusals that stood right behind it. */
  stored(answer: (packetId: number, reasonCode: number) => void): void {
    this.#stored += 1;
    let first = this.#waiting[0];
    while (first !== undefined && first.turn <= this.#stored) {
      this.#waiting.shift();
      answer(first.packetId, first.reasonCode);
      first = this.#waiting[0];
    }
    if (first === undefined) this.#stored = 0;
  }
}

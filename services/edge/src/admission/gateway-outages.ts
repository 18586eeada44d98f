import { BoundedMap } from '@gatehouse/bounded-map';

/** So many in a row that nobody was let in or turned away for a reason of its own. */
const SIGNS = 20;
const MAX_GATEWAYS = 10_000;

/**
 * Gateways that can let nobody in at the moment: their authenticator or auth does not answer, whoever asks. A
 * single answer of any other kind ends it.
 */
export class GatewayOutages {
  readonly #unanswered = new BoundedMap<string, number>(MAX_GATEWAYS);

  isOut(gatewayId: string): boolean {
    return (this.#unanswered.get(gatewayId) ?? 0) >= SIGNS;
  }

  unanswered(gatewayId: string): void {
    const count = this.#unanswered.get(gatewayId) ?? 0;
    if (count < SIGNS) this.#unanswered.set(gatewayId, count + 1);
  }

  answered(gatewayId: string): void {
    this.#unanswered.delete(gatewayId);
  }
}

import { LeastRecentlyUsedMap } from '@gatehouse/bounded-map';

/** Where an answer came from: out of the cache, of the registry, or nowhere because the registry was away. */
export type LookupSource = 'cache' | 'registry' | 'unavailable';

export interface AskedOnceRules<Answer, Entry> {
  readonly maxEntries: number;
  /** How long an entry is used without asking again. */
  readonly freshSeconds: number;
  ask(gatewayId: string, name: string): Promise<Answer>;
  /** What is handed out for an answer; `former` is what was known before, however old. */
  entryOf(answer: Answer, former: Entry | undefined): Entry;
  /** The product whose changes outdate the entry; undefined for what is not kept at all. */
  productOf(entry: Entry): string | undefined;
  count(source: LookupSource): void;
  /** Called when there was no answer. */
  unanswered(error: unknown, gatewayId: string, name: string): void;
}

interface Flight<Entry> {
  /** Set when the registry reported a change after this was asked: the answer may be the old one. */
  isOutdated: boolean;
  readonly entry: Promise<Entry | undefined>;
}

interface Kept<Entry> {
  readonly entry: Entry;
  readonly freshUntil: number;
}

/**
 * What the registry knows about the names of a gateway: asked once however many want to know, kept while it is
 * fresh in a cache of limited size, dropped when an event says that it changed. While the registry is away,
 * what is fresh goes on being known.
 */
export class AskedOnce<Answer, Entry> {
  readonly #kept: LeastRecentlyUsedMap<string, Kept<Entry>>;
  readonly #flights = new Map<string, Flight<Entry>>();
  readonly #gatewayOfProduct = new Map<string, string>();

  constructor(private readonly rules: AskedOnceRules<Answer, Entry>) {
    this.#kept = new LeastRecentlyUsedMap(rules.maxEntries);
  }

  /** What is known without asking. */
  fresh(gatewayId: string, name: string): Entry | undefined {
    const kept = this.#kept.get(keyOf(gatewayId, name));
    if (kept === undefined || kept.freshUntil <= performance.now()) return undefined;
    this.rules.count('cache');
    return kept.entry;
  }

  /** Asks the registry; who asks for the same meanwhile waits for the same answer. Undefined: there was none. */
  ask(gatewayId: string, name: string): Promise<Entry | undefined> {
    const key = keyOf(gatewayId, name);
    const underWay = this.#flights.get(key);
    if (underWay !== undefined) return underWay.entry;
    const flight: Flight<Entry> = {
      isOutdated: false,
      entry: this.rules.ask(gatewayId, name).then(
        (answer) => {
          this.rules.count('registry');
          return this.#learn(key, gatewayId, answer, flight);
        },
        (error: unknown) => {
          this.rules.count('unavailable');
          this.rules.unanswered(error, gatewayId, name);
          this.#land(key, flight);
          return undefined;
        },
      ),
    };
    this.#flights.set(key, flight);
    return flight.entry;
  }

  /** Drops this very entry; a newer one stays. */
  discard(gatewayId: string, name: string, entry: Entry): void {
    const key = keyOf(gatewayId, name);
    if (this.#kept.get(key)?.entry === entry) this.#kept.delete(key);
  }

  forgetDevice(productKey: string, deviceName: string): void {
    const gatewayId = this.#gatewayOfProduct.get(productKey);
    if (gatewayId !== undefined) this.#kept.delete(keyOf(gatewayId, deviceName));
    this.#outdate((key) => key.endsWith(`/${deviceName}`));
  }

  forgetGateway(gatewayId: string): void {
    const prefix = keyOf(gatewayId, '');
    this.#kept.deleteWhere((key) => key.startsWith(prefix));
    for (const [productKey, id] of this.#gatewayOfProduct) {
      if (id === gatewayId) this.#gatewayOfProduct.delete(productKey);
    }
    this.#outdate((key) => key.startsWith(prefix));
  }

  forgetAll(): void {
    this.#kept.clear();
    this.#outdate(() => true);
  }

  #learn(key: string, gatewayId: string, answer: Answer, flight: Flight<Entry>): Entry {
    this.#land(key, flight);
    const entry = this.rules.entryOf(answer, flight.isOutdated ? undefined : this.#kept.get(key)?.entry);
    const productKey = this.rules.productOf(entry);
    if (productKey === undefined) {
      this.#kept.delete(key);
    } else if (!flight.isOutdated) {
      this.#gatewayOfProduct.set(productKey, gatewayId);
      this.#kept.set(key, { entry, freshUntil: performance.now() + this.rules.freshSeconds * 1_000 });
    }
    return entry;
  }

  #land(key: string, flight: Flight<Entry>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }

  #outdate(isMeant: (key: string) => boolean): void {
    for (const [key, flight] of this.#flights) {
      if (!isMeant(key)) continue;
      flight.isOutdated = true;
      this.#flights.delete(key);
    }
  }
}

/** Neither gateway ids nor device names hold a slash. */
function keyOf(gatewayId: string, name: string): string {
  return `${gatewayId}/${name}`;
}

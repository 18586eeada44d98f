import type { ConnectionAttempt } from '@gatehouse/contracts';

/** All that are given must hold. */
export interface AttemptFilter {
  readonly gatewayId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly username?: string | undefined;
  readonly commonName?: string | undefined;
  readonly productKey?: string | undefined;
  readonly deviceName?: string | undefined;
  readonly remoteAddress?: string | undefined;
  readonly outcome?: string | undefined;
  readonly reason?: string | undefined;
}

export interface PlacedAttempt {
  /** Where its first record stands in the stream: grows, and is the same on every instance. */
  readonly place: number;
  readonly attempt: ConnectionAttempt;
}

interface Field {
  readonly name: keyof AttemptFilter;
  readonly of: (attempt: ConnectionAttempt) => string | null;
}

const FIELDS: readonly Field[] = [
  { name: 'gatewayId', of: ({ gatewayId }) => gatewayId },
  { name: 'clientId', of: ({ clientId }) => clientId },
  { name: 'username', of: ({ username }) => username },
  { name: 'commonName', of: ({ certificate }) => certificate?.commonName ?? null },
  { name: 'productKey', of: ({ productKey }) => productKey },
  { name: 'deviceName', of: ({ deviceName }) => deviceName },
  { name: 'remoteAddress', of: ({ remoteAddress }) => remoteAddress },
  { name: 'outcome', of: ({ outcome }) => outcome },
  { name: 'reason', of: ({ reason }) => reason },
];

/** What a filter asks of the hashes of an attempt, and of the attempt itself. */
interface Condition {
  readonly column: number;
  readonly hash: number;
  readonly field: Field;
  readonly value: string;
}

const CHARACTERS_EACH = 2_048;

/**
 * The newest attempts: as many as it is made for, and fewer when they are long. Each is kept as JSON, which
 * takes a third of what objects do, beside a hash of each field that can be looked for: a look through all of
 * them reads a few numbers of each.
 */
export class AttemptRing {
  readonly #ids: string[] = [];
  readonly #records: string[] = [];
  readonly #places: Float64Array;
  /** Of each slot as many as there are fields. */
  readonly #hashes: Int32Array;
  readonly #slots = new Map<string, number>();
  /** The slot that is written next; those before it are in the order of places, back to the oldest. */
  #next = 0;
  #characters = 0;

  constructor(private readonly capacity: number) {
    this.#places = new Float64Array(capacity);
    this.#hashes = new Int32Array(capacity * FIELDS.length);
  }

  get size(): number {
    return this.#slots.size;
  }

  /** A second record of an attempt tells how it ended, and takes the place of the first. */
  put({ place, attempt }: PlacedAttempt): void {
    const slot = this.#slots.get(attempt.attemptId);
    if (slot === undefined) this.#add(place, attempt);
    else this.#rewrite(slot, attempt);
    while (this.#characters > this.capacity * CHARACTERS_EACH) this.#forgetOldest();
  }

  /** The newest before a place, newest first, at most `limit`. */
  newest(filter: AttemptFilter, before: number, limit: number): PlacedAttempt[] {
    const conditions = conditionsOf(filter);
    const found: PlacedAttempt[] = [];
    for (let age = 1; age <= this.size && found.length < limit; age += 1) {
      const slot = this.#slotOfAge(age);
      const place = this.#places[slot] ?? 0;
      if (place >= before || !this.#mayMeet(slot, conditions)) continue;
      const attempt = JSON.parse(this.#records[slot] ?? '') as ConnectionAttempt;
      if (conditions.every(({ field, value }) => field.of(attempt) === value)) found.push({ place, attempt });
    }
    return found;
  }

  clear(): void {
    this.#slots.clear();
    this.#ids.length = 0;
    this.#records.length = 0;
    this.#next = 0;
    this.#characters = 0;
  }

  #add(place: number, attempt: ConnectionAttempt): void {
    if (this.size === this.capacity) this.#forgetOldest();
    const slot = this.#next;
    this.#next = (slot + 1) % this.capacity;
    this.#slots.set(attempt.attemptId, slot);
    this.#ids[slot] = attempt.attemptId;
    this.#places[slot] = place;
    for (const [column, { of }] of FIELDS.entries()) {
      this.#hashes[slot * FIELDS.length + column] = hashOf(of(attempt));
    }
    this.#write(slot, attempt);
  }

  #rewrite(slot: number, attempt: ConnectionAttempt): void {
    const former = this.#records[slot] ?? '';
    const { steps } = attempt.steps.length > 0 ? attempt : (JSON.parse(former) as ConnectionAttempt);
    this.#characters -= former.length;
    this.#write(slot, { ...attempt, steps });
  }

  #write(slot: number, attempt: ConnectionAttempt): void {
    const record = JSON.stringify(attempt);
    this.#records[slot] = record;
    this.#characters += record.length;
  }

  #forgetOldest(): void {
    const slot = this.#slotOfAge(this.size);
    this.#characters -= this.#records[slot]?.length ?? 0;
    this.#records[slot] = '';
    this.#slots.delete(this.#ids[slot] ?? '');
  }

  /** @param age 1 for the newest */
  #slotOfAge(age: number): number {
    return (this.#next - age + this.capacity) % this.capacity;
  }

  #mayMeet(slot: number, conditions: readonly Condition[]): boolean {
    for (const condition of conditions) {
      if (this.#hashes[slot * FIELDS.length + condition.column] !== condition.hash) return false;
    }
    return true;
  }
}

function conditionsOf(filter: AttemptFilter): Condition[] {
  return FIELDS.flatMap((field, column) => {
    const value = filter[field.name];
    return value === undefined ? [] : [{ column, hash: hashOf(value), field, value }];
  });
}

/** FNV-1a, 32 bit, of UTF-16 code units; 0 for nothing. */
function hashOf(text: string | null): number {
  if (text === null) return 0;
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash | 0;
}

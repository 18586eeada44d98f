import type { RecordedEvent } from '@gatehouse/event-store';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import type { DeviceRow } from './device-row.ts';
import { deviceOfKeyText, selectDeviceRows } from './device-rows.ts';
import {
  deviceEventsOf,
  foldDeviceEvents,
  forgetDevicesOf,
  touchedBy,
  writeDeviceRows,
} from './device-views.projection.ts';

type Rows = Map<string, DeviceRow | undefined>;

/** About a kilobyte each. */
const MAX_ROWS = 250_000;
const ROWS_A_WRITE = 5_000;

/**
 * Rows of `device_view` that are folded in memory and written when they are many: a device that comes up again
 * and again in a long log is read and written once, not with each batch of events.
 */
export class BufferedDeviceRows {
  readonly #rows: Rows = new Map();

  constructor(private readonly maxRows = MAX_ROWS) {}

  get isFull(): boolean {
    return this.#rows.size >= this.maxRows;
  }

  /** As `projectDevices`, but for {@link takeWrites}. */
  readonly project = async (db: RegistryTransaction, recorded: readonly RecordedEvent[]): Promise<void> => {
    const events = deviceEventsOf(recorded);
    const unknown = [...touchedBy(events)].filter(([key]) => !this.#rows.has(key));
    if (unknown.length > 0) {
      const found = await selectDeviceRows(
        db,
        unknown.map(([, device]) => device),
      );
      for (const [key] of unknown) this.#rows.set(key, found.get(key));
    }
    foldDeviceEvents(this.#rows, events);
  };

  readonly forget = async (db: RegistryTransaction, productKey: string): Promise<void> => {
    for (const key of this.#rows.keys()) {
      if (deviceOfKeyText(key).productKey === productKey) this.#rows.delete(key);
    }
    await forgetDevicesOf(db, productKey);
  };

  /** Empties the buffer; each write may have a transaction of its own. */
  *takeWrites(): Generator<(db: RegistryTransaction) => Promise<void>> {
    while (this.#rows.size > 0) {
      const taken: Rows = new Map();
      for (const [key, row] of this.#rows) {
        if (taken.size === ROWS_A_WRITE) break;
        taken.set(key, row);
        this.#rows.delete(key);
      }
      yield (db) => writeDeviceRows(db, taken);
    }
  }
}

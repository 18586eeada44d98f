import { deviceName as deviceNameRule, type ensureDevice, type ReplyOf } from '@gatehouse/contracts';
import type { EventMetadata } from '@gatehouse/event-store';
import { CountedTotal } from '@gatehouse/observability';
import { sql } from 'kysely';
import { isDatabaseOutage } from '../background/database-outage.ts';
import type { CommandAttempt, CommandTransactions } from '../commands/command-transactions.ts';
import { GatheredRequests } from '../commands/gathered-requests.ts';
import { activeTraceparent } from '../commands/traceparent.ts';
import type { RegistryDb, RegistryTransaction } from '../schema/registry-database.ts';
import { deviceStream } from '../stream-names.ts';
import { deviceKeyText, insertNewDeviceRows, type DeviceKey } from './device-rows.ts';
import { ABSENT, loadDeviceStates } from './device-states.ts';
import { deviceDecider } from './device.decider.ts';
import { DeviceCreationsExceeded, DeviceNameInvalid } from './device.failures.ts';

export type EnsuredDevice = ReplyOf<typeof ensureDevice>;

interface NamedDevice {
  readonly gatewayId: string;
  readonly deviceName: string;
  readonly metadata: EventMetadata;
}

interface FoundDevice extends NamedDevice {
  /** Null when there is no such gateway. */
  readonly productKey: string | null;
  /** Null when there is no such device. */
  readonly isDisabled: boolean | null;
  readonly credentialVersion: number | null;
}

const MOST_IN_TRANSACTION = 500;
const MOST_WAITING = 5_000;

/**
 * Devices that an authenticator named, made when they are not there yet: once, however many ask for one at the
 * same time and of however many instances. Many first connections of one moment share a transaction.
 */
export class DeviceCreation {
  /** Questions that wait to be looked up: one that comes later must not get an answer from before a change. */
  readonly #waiting = new Map<string, Promise<EnsuredDevice>>();
  readonly #requests: GatheredRequests<NamedDevice, EnsuredDevice>;
  readonly #created = new CountedTotal(
    'gatehouse.registry.device_creation.devices',
    'Devices made because an authenticator named them',
  );

  constructor(
    private readonly db: RegistryDb,
    private readonly transactions: CommandTransactions,
  ) {
    this.#requests = new GatheredRequests({
      answer: (named) => this.#ensureAll(named),
      isHopeless: isDatabaseOutage,
      mostInBatch: MOST_IN_TRANSACTION,
      mostWaiting: MOST_WAITING,
      refusal: () => new DeviceCreationsExceeded(MOST_WAITING),
    });
  }

  /** @throws {DeviceNameInvalid | DeviceCreationsExceeded} */
  async ensure(gatewayId: string, deviceName: string): Promise<EnsuredDevice> {
    if (!deviceNameRule.safeParse(deviceName).success) throw new DeviceNameInvalid();
    const key = keyOf({ gatewayId, deviceName });
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return notNew(await waiting);
    const actor = `authenticator:${gatewayId}`;
    const traceparent = activeTraceparent();
    const metadata = traceparent === undefined ? { actor } : { actor, traceparent };
    const { promise, resolve } = Promise.withResolvers<EnsuredDevice>();
    this.#waiting.set(key, promise);
    resolve(this.#requests.ask({ gatewayId, deviceName, metadata }));
    try {
      return await promise;
    } finally {
      if (this.#waiting.get(key) === promise) this.#waiting.delete(key);
    }
  }

  async #ensureAll(named: readonly NamedDevice[]): Promise<EnsuredDevice[]> {
    for (const device of named) this.#waiting.delete(keyOf(device));
    const found = await findDevices(this.db, named);
    const missing = found.flatMap(({ gatewayId, deviceName, metadata, productKey, isDisabled }) =>
      productKey === null || isDisabled !== null ? [] : [{ gatewayId, deviceName, metadata, productKey }],
    );
    if (missing.length === 0) return found.map(answerOf);
    const made = await this.transactions.transact('authenticator', (attempt) => create(attempt, missing));
    this.#created.add(
      [...made.values()].filter((answer) => answer.outcome === 'ready' && answer.isNew).length,
    );
    return found.map(
      (device) =>
        made.get(deviceKeyText({ productKey: device.productKey ?? '', deviceName: device.deviceName })) ??
        answerOf(device),
    );
  }
}

/** One statement for all; most of them are there. */
async function findDevices(db: RegistryDb, named: readonly NamedDevice[]): Promise<FoundDevice[]> {
  const { rows } = await sql<
    { number: number } & Pick<FoundDevice, 'productKey' | 'isDisabled' | 'credentialVersion'>
  >`
    select number::int, gateway_view.product_key as "productKey", device_view.is_disabled as "isDisabled",
      device_view.credential_version as "credentialVersion"
    from unnest(
      ${named.map(({ gatewayId }) => gatewayId)}::text[], ${named.map(({ deviceName }) => deviceName)}::text[]
    ) with ordinality as named (gateway_id, device_name, number)
    left join gateway_view on gateway_view.gateway_id = named.gateway_id
    left join device_view on device_view.product_key = gateway_view.product_key
      and device_view.device_name = named.device_name`.execute(db);
  const byNumber = new Map(rows.map((row) => [row.number, row]));
  return named.map((device, index) => {
    const { productKey = null, isDisabled = null, credentialVersion = null } = byNumber.get(index + 1) ?? {};
    return { ...device, productKey, isDisabled, credentialVersion };
  });
}

/** @returns what each came to, by {@link deviceKeyText} */
async function create(
  attempt: CommandAttempt,
  missing: readonly (NamedDevice & DeviceKey)[],
): Promise<Map<string, EnsuredDevice>> {
  const products = await productsThatStay(attempt.db, missing);
  const devices = missing.filter(({ productKey }) => products.has(productKey));
  const states = await loadDeviceStates(attempt.db, devices);
  const decided = devices.map((device) => {
    const { productKey, deviceName, metadata } = device;
    const { state, version, credentialVersion } = states.get(deviceKeyText(device)) ?? ABSENT;
    const events = deviceDecider
      .decide({ type: 'CreateDevice', productKey, deviceName }, state)
      .map((event) => ({ ...event, metadata }));
    return {
      ...device,
      state,
      version,
      credentialVersion,
      events,
      streamId: deviceStream(productKey, deviceName),
    };
  });
  const isFirst = ({ version, events }: (typeof decided)[number]): boolean =>
    version === 0 && events.length > 0;
  const ofNewName = decided.filter(isFirst);
  await attempt.beginStreams(
    ofNewName.flatMap(({ streamId, events }) => events.map((event) => ({ streamId, event }))),
  );
  for (const [productKey, own] of Map.groupBy(ofNewName, (device) => device.productKey)) {
    const rows = own.map(({ deviceName }) => ({ deviceName, serialNumber: null }));
    await insertNewDeviceRows(attempt.db, productKey, rows);
  }
  // A name that a device had before goes on with that device's stream.
  await attempt.append(
    ...decided
      .filter((device) => !isFirst(device) && device.events.length > 0)
      .map(({ streamId, version, events }) => ({ streamId, expectedVersion: version, events })),
  );
  return new Map<string, EnsuredDevice>([
    ...missing.map((device) => [deviceKeyText(device), { outcome: 'unknown-gateway' }] as const),
    ...decided.map(({ productKey, deviceName, state, version, credentialVersion, events }) => {
      const isDisabled = state.status === 'disabled';
      const answer = {
        outcome: 'ready',
        productKey,
        deviceName,
        isDisabled,
        credentialVersion: events.length > 0 ? version + 1 : credentialVersion,
        isNew: events.length > 0,
      } as const;
      return [deviceKeyText({ productKey, deviceName }), answer] as const;
    }),
  ]);
}

/** Those that are there until the transaction ends. */
async function productsThatStay(
  db: RegistryTransaction,
  devices: readonly DeviceKey[],
): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('product_view')
    .select('product_key')
    .where('product_key', 'in', [...new Set(devices.map(({ productKey }) => productKey))])
    .orderBy('product_key')
    .forShare()
    .execute();
  return new Set(rows.map(({ product_key }) => product_key));
}

/** No gateway's id holds a slash. */
const keyOf = ({ gatewayId, deviceName }: Pick<NamedDevice, 'gatewayId' | 'deviceName'>): string =>
  `${gatewayId}/${deviceName}`;

function answerOf({ productKey, deviceName, isDisabled, credentialVersion }: FoundDevice): EnsuredDevice {
  if (productKey === null) return { outcome: 'unknown-gateway' };
  return {
    outcome: 'ready',
    productKey,
    deviceName,
    isDisabled: isDisabled === true,
    credentialVersion: credentialVersion ?? 0,
    isNew: false,
  };
}

function notNew(device: EnsuredDevice): EnsuredDevice {
  return device.outcome === 'ready' ? { ...device, isNew: false } : device;
}

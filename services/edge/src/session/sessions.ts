import { addressGroup } from '@gatehouse/contracts';
import type { Session } from './session.ts';

/** The devices that are connected to this edge; at most one session a device. */
export class Sessions {
  readonly #byDevice = new Map<string, Session>();
  /** How many, by gateway and address. */
  readonly #fromAddress = new Map<string, number>();

  get size(): number {
    return this.#byDevice.size;
  }

  find(productKey: string, deviceName: string): Session | undefined {
    return this.#byDevice.get(keyOf(productKey, deviceName));
  }

  /** In place of an older one of the device. */
  add(session: Session): void {
    const { productKey, deviceName } = session.identity;
    const older = this.find(productKey, deviceName);
    if (older !== undefined) this.remove(older);
    this.#byDevice.set(keyOf(productKey, deviceName), session);
    const origin = originOf(session.identity.gatewayId, session.connection.remoteAddress);
    this.#fromAddress.set(origin, (this.#fromAddress.get(origin) ?? 0) + 1);
  }

  /** Whether a device is connected from there; of IPv6 from the same /64. */
  hasFrom(gatewayId: string, remoteAddress: string): boolean {
    return this.#fromAddress.has(originOf(gatewayId, remoteAddress));
  }

  /** Leaves a newer session of the device in its place. */
  remove(session: Session): void {
    const { productKey, deviceName } = session.identity;
    const key = keyOf(productKey, deviceName);
    if (this.#byDevice.get(key) !== session) return;
    this.#byDevice.delete(key);
    const origin = originOf(session.identity.gatewayId, session.connection.remoteAddress);
    const left = (this.#fromAddress.get(origin) ?? 0) - 1;
    if (left > 0) this.#fromAddress.set(origin, left);
    else this.#fromAddress.delete(origin);
  }

  all(): Session[] {
    return [...this.#byDevice.values()];
  }

  ofGateway(gatewayId: string): Session[] {
    return this.all().filter((session) => session.identity.gatewayId === gatewayId);
  }
}

const originOf = (gatewayId: string, remoteAddress: string): string =>
  `${gatewayId} ${addressGroup(remoteAddress)}`;
/** A product key holds no space. */
const keyOf = (productKey: string, deviceName: string): string => `${productKey} ${deviceName}`;

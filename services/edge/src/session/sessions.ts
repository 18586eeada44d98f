import type { Session } from './session.ts';

/** The devices that are connected to this edge; at most one session a device. */
export class Sessions {
  readonly #byDevice = new Map<string, Session>();

  get size(): number {
    return this.#byDevice.size;
  }

  find(productKey: string, deviceName: string): Session | undefined {
    return this.#byDevice.get(keyOf(productKey, deviceName));
  }

  /** An older session of the device must have been closed before. */
  add(session: Session): void {
    this.#byDevice.set(keyOf(session.identity.productKey, session.identity.deviceName), session);
  }

  /** Leaves a newer session of the device in its place. */
  remove(session: Session): void {
    const { productKey, deviceName } = session.identity;
    const key = keyOf(productKey, deviceName);
    if (this.#byDevice.get(key) === session) this.#byDevice.delete(key);
  }

  all(): Session[] {
    return [...this.#byDevice.values()];
  }

  ofGateway(gatewayId: string): Session[] {
    return this.all().filter((session) => session.identity.gatewayId === gatewayId);
  }
}

/** A product key holds no space. */
const keyOf = (productKey: string, deviceName: string): string => `${productKey} ${deviceName}`;

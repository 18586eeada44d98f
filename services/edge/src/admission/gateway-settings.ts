import type { GatewayListener } from '@gatehouse/contracts';

/** What sessions and admissions need to know of their gateway. */
export type GatewaySettings = Pick<
  GatewayListener,
  'gatewayId' | 'version' | 'admissionVersion' | 'limits' | 'permissions' | 'ocsp' | 'revocation'
>;

/** @param former undefined for a gateway that was not served before */
type OnSettings = (settings: GatewaySettings, former: GatewaySettings | undefined) => void;

/**
 * The settings of the gateways that this edge serves, as the registry had them last. Whoever needs one asks
 * anew, so that a change bites at once.
 */
export class LiveGatewaySettings {
  readonly #byId = new Map<string, GatewaySettings>();
  readonly #listeners: OnSettings[] = [];

  /** Undefined for a gateway that is deleted, or that nobody has told us of. */
  of(gatewayId: string): GatewaySettings | undefined {
    return this.#byId.get(gatewayId);
  }

  /** Calls `listener` after each change. */
  onChange(listener: OnSettings): void {
    this.#listeners.push(listener);
  }

  /** Called before the gateway's first connection is accepted, and with each new version. */
  put(settings: GatewaySettings): void {
    const former = this.#byId.get(settings.gatewayId);
    this.#byId.set(settings.gatewayId, settings);
    for (const listener of this.#listeners) listener(settings, former);
  }

  remove(gatewayId: string): void {
    this.#byId.delete(gatewayId);
  }
}

import { ensureDevice, type ReplyOf } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { AnswerDeadline } from '../admission/answer-deadline.ts';
import type { AuthConfig } from '../auth.config.ts';
import type { AuthMetrics } from '../observability/auth-metrics.ts';
import { AskedOnce } from './asked-once.ts';
import type { RegistryClient } from './registry-client.ts';

/**
 * A device that is there. The same object for as long as the registry reports no change of the device, so who
 * remembers something about a device can tell by it whether that still holds.
 */
export interface ReadyDevice {
  readonly productKey: string;
  readonly deviceName: string;
  readonly isDisabled: boolean;
  readonly credentialVersion: number | undefined;
}

export type DeviceLookup =
  | { readonly outcome: 'ready'; readonly device: ReadyDevice; readonly isCached: boolean }
  | { readonly outcome: 'unknown-gateway' }
  | { readonly outcome: 'unavailable' };

/** The devices that authenticators name: made by the registry when they are not there yet. */
export class DeviceDirectory extends AskedOnce<ReplyOf<typeof ensureDevice>, ReadyDevice | null> {
  constructor(registry: RegistryClient, config: AuthConfig, metrics: AuthMetrics, logger: Logger) {
    super({
      maxEntries: config.AUTH_CREDENTIAL_CACHE_ENTRIES,
      freshSeconds: config.AUTH_CREDENTIAL_CACHE_SECONDS,
      ask: (gatewayId, deviceName) => registry.ask(ensureDevice, { gatewayId, deviceName }),
      entryOf: (answer, former) => {
        if (answer.outcome === 'unknown-gateway') return null;
        const { productKey, deviceName, isDisabled, credentialVersion, isNew } = answer;
        const isUnchanged =
          !isNew && former?.isDisabled === isDisabled && former.credentialVersion === credentialVersion;
        return isUnchanged ? former : { productKey, deviceName, isDisabled, credentialVersion };
      },
      productOf: (device) => device?.productKey,
      count: (source) => metrics.deviceLookups.add(source),
      unanswered: (error, gatewayId, deviceName) =>
        logger.warn({ reason: String(error), gatewayId, deviceName }, 'the registry gave no device'),
    });
  }

  async ensure(gatewayId: string, deviceName: string, deadline: AnswerDeadline): Promise<DeviceLookup> {
    const cached = this.fresh(gatewayId, deviceName);
    const device = cached ?? (await deadline.within(this.ask(gatewayId, deviceName)));
    if (device === undefined) return { outcome: 'unavailable' };
    if (device === null) return { outcome: 'unknown-gateway' };
    return { outcome: 'ready', device, isCached: device === cached };
  }
}

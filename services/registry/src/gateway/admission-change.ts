import type { GatewayAuthentication } from '@gatehouse/contracts';
import { canonical } from './canonical-json.ts';
import type { DeviceRoot } from './device-roots.ts';
import type { GatewayEvent } from './gateway.events.ts';

/**
 * Whether sessions that were admitted before an event need not be admitted after it: another authenticator,
 * a device root less, one more condition. How long the authenticator may take, and how long its answer holds,
 * changes nobody's admission.
 *
 * @param before who was asked and which roots were trusted until then
 */
export function changesWhoIsAdmitted(
  event: GatewayEvent,
  before: {
    readonly authentication: GatewayAuthentication;
    readonly deviceRoots: readonly DeviceRoot[];
  },
): boolean {
  if (event.type === 'DeviceRootReplaced') return true;
  if (event.type === 'DeviceRootSwitched') return !event.data.enabled;
  if (event.type === 'DeviceRootRemoved') {
    const { fingerprint } = event.data;
    return before.deviceRoots.some((root) => root.fingerprint === fingerprint && root.enabled);
  }
  if (event.type === 'CommonNameCheckSwitched') return event.data.enabled;
  if (event.type !== 'AuthenticationTargetChanged') return false;
  const { authentication, accessKeySecretReplaced } = event.data;
  return accessKeySecretReplaced || targetOf(authentication) !== targetOf(before.authentication);
}

function targetOf(authentication: GatewayAuthentication): string {
  return canonical({ ...authentication, timeoutMs: null, cacheSeconds: null });
}

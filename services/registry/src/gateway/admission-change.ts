import type { GatewayAuthentication } from '@gatehouse/contracts';
import { canonical } from './canonical-json.ts';
import type { GatewayEvent } from './gateway.events.ts';

/**
 * Whether sessions that were admitted before an event need not be admitted after it: another authenticator,
 * another device root, one more condition. How long the authenticator may take, and how long its answer holds,
 * changes nobody's admission.
 *
 * @param before who was asked until then
 */
export function changesWhoIsAdmitted(event: GatewayEvent, before: GatewayAuthentication): boolean {
  if (event.type === 'DeviceRootReplaced') return true;
  if (event.type === 'CommonNameCheckSwitched') return event.data.enabled;
  if (event.type !== 'AuthenticationTargetChanged') return false;
  const { authentication, accessKeySecretReplaced } = event.data;
  return accessKeySecretReplaced || targetOf(authentication) !== targetOf(before);
}

function targetOf(authentication: GatewayAuthentication): string {
  return canonical({ ...authentication, timeoutMs: null, cacheSeconds: null });
}

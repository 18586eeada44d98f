import { apiKeyRole, type ApiKeyRole } from '@gatehouse/contracts';

/** Beside all that lives under products. */
const OPERATOR_ROUTES: readonly string[] = [
  '/api/v1/gateways/:gatewayId/::test-authentication',
  '/api/v1/bans/:gatewayId/:address',
  '/api/v1/authorities/:authorityId/certificates',
  '/api/v1/authorities/:authorityId/certificates/:serialNumber/::revoke',
];

/**
 * The least role that a route needs. Viewers read; operators also work with devices, messages and parsing,
 * which all live under products, lift bans, try authenticators, and have device certificates
 * signed and revoked; gateways, authorities and API keys are for administrators.
 *
 * @param route the router's pattern, not what the client wrote
 */
export function requiredRole(method: string, route: string): ApiKeyRole {
  if (method === 'GET' || method === 'HEAD') return 'viewer';
  const isForOperators = route.startsWith('/api/v1/products/') || OPERATOR_ROUTES.includes(route);
  return isForOperators ? 'operator' : 'administrator';
}

export function mayAct(role: ApiKeyRole, required: ApiKeyRole): boolean {
  return apiKeyRole.options.indexOf(role) >= apiKeyRole.options.indexOf(required);
}

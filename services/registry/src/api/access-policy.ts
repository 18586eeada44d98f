import { apiKeyRole, type ApiKeyRole } from '@gatehouse/contracts';

/**
 * The least role that a route needs. Viewers read; operators also work with devices, messages and parsing,
 * which all live under products; gateways and API keys are for administrators.
 *
 * @param route the router's pattern, not what the client wrote
 */
export function requiredRole(method: string, route: string): ApiKeyRole {
  if (method === 'GET' || method === 'HEAD') return 'viewer';
  return route.startsWith('/api/v1/products/') ? 'operator' : 'administrator';
}

export function mayAct(role: ApiKeyRole, required: ApiKeyRole): boolean {
  return apiKeyRole.options.indexOf(role) >= apiKeyRole.options.indexOf(required);
}

const EXPORT = /^(\/api\/v1\/products\/[^/?]+\/devices)(\/?):export(?=\?|$)/;

/**
 * Custom verbs of the API (`POST …/devices/pump:disable`) as paths that a router can tell apart.
 *
 * Device names may hold colons, so the verb is what follows the last colon of the last segment, and only of a
 * POST: no POST goes to a name itself. The verb becomes a segment of its own that keeps its colon,
 * `…/devices/pump/:disable`; written by a client, that form has a verb again and leads nowhere. A
 * percent-encoded colon belongs to a name, never to a verb.
 *
 * A GET has a verb in one place only, `…/devices:export`. The device `:export` keeps its place: its colon is
 * encoded.
 *
 * @param url path and query of a request
 */
export function routedUrl(method: string, url: string): string {
  if (method === 'GET') return url.replace(EXPORT, exportOrDevice);
  if (method !== 'POST' || !url.startsWith('/api/v1/')) return url;
  const queryAt = url.indexOf('?');
  const path = queryAt === -1 ? url : url.slice(0, queryAt);
  const colonAt = path.lastIndexOf(':');
  if (colonAt <= path.lastIndexOf('/')) return url;
  return `${url.slice(0, colonAt)}/${url.slice(colonAt)}`;
}

function exportOrDevice(_url: string, devices: string, slash: string): string {
  return slash === '' ? `${devices}/:export` : `${devices}/%3Aexport`;
}

/** The path as the documentation shows it: `/devices/{deviceName}/:disable` is `/devices/{deviceName}:disable`. */
export function documentedPath(routed: string): string {
  return routed.replace('/:', ':');
}

/** The router's pattern as people know it: `/devices/:deviceName/::disable` is `/devices/:deviceName:disable`. */
export function documentedRoute(pattern: string): string {
  return pattern.replace('/::', ':');
}

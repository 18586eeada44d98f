import { MediaTypeUnsupported, MethodNotAllowed, UrlMalformed } from '@gatehouse/nest';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { mayAct, requiredRole } from './access-policy.ts';
import { RoleInsufficient } from './api.failures.ts';
import type { ApiKeyAuthentication } from '../operator/api-key-authentication.ts';
import { RouteTable } from './route-table.ts';

const API = '/api/v1/';
const OPEN_ROUTES: readonly string[] = ['/api/v1/openapi.json'];
const CSV_ROUTE = '/api/v1/products/:productKey/devices/::import';
const JSON_TYPE = /^application\/json\s*(;|$)/i;
/** PostgreSQL's text holds no NUL, and nothing here is called by one. */
const NUL = /%00/i;
const CSV_TYPE = /^text\/csv\s*(;|$)/i;

/**
 * What every request to the API goes through before a byte of its body is read: is the key good, does the
 * path know the method, may the key do this, can the body be read.
 */
export class ApiEntrance {
  readonly #routes = new RouteTable();

  constructor(private readonly authentication: ApiKeyAuthentication) {}

  /** Stands at the door of `http`; call it before routes are added. */
  attachTo(http: FastifyInstance): void {
    this.#routes.follow(http);
    http.decorateRequest('principal', null);
    http.addHook('onRequest', async (request) => this.#admit(request));
    http.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  }

  async #admit(request: FastifyRequest): Promise<void> {
    const path = request.raw.url?.split('?', 1)[0] ?? '';
    const route = request.is404 ? path : (request.routeOptions.url ?? path);
    if (!route.startsWith(API) || OPEN_ROUTES.includes(route)) {
      this.#refuseWrongMethod(request, path);
      return;
    }
    request.principal = await this.authentication.authenticate(request.headers.authorization, request.ip);
    this.#refuseWrongMethod(request, path);
    if (NUL.test(request.raw.url ?? '')) throw new UrlMalformed();
    if (request.is404) return;
    const required = requiredRole(request.method, route);
    if (!mayAct(request.principal.role, required))
      throw new RoleInsufficient(request.principal.role, required);
    forgetTypeOfNothing(request);
    refuseUnreadableBody(request, route);
  }

  #refuseWrongMethod(request: FastifyRequest, path: string): void {
    if (!request.is404) return;
    const methods = this.#routes.methodsOf(path);
    if (methods.length > 0)
      throw new MethodNotAllowed(request.method, request.originalUrl.split('?', 1)[0] ?? '', methods);
  }
}

/** Many clients name the type of every request, also of one without a body, which is no JSON value. */
function forgetTypeOfNothing({ headers }: FastifyRequest): void {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers;
  if (length === '0' && encoding === undefined) delete headers['content-type'];
}

function refuseUnreadableBody(request: FastifyRequest, route: string): void {
  const type = request.headers['content-type'];
  if (type === undefined || JSON_TYPE.test(type)) return;
  if (route === CSV_ROUTE && CSV_TYPE.test(type)) return;
  throw new MediaTypeUnsupported();
}

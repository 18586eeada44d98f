import type { Server } from 'node:http';
import { DatabaseUnavailable } from '@gatehouse/event-store';
import { answerUnroutable, HttpSpans, ProblemFilter, requestSchemaPipe } from '@gatehouse/nest';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyHttpOptions } from 'fastify';
import { ApiEntrance } from './api/api-entrance.ts';
import { documentedRoute, routedUrl } from './api/custom-verb.ts';
import { measureRequests } from './api/request-metrics.ts';
import { isDatabaseOutage } from './background/database-outage.ts';
import { serveDocs } from './open-api/docs-page.ts';
import { openApiDocument } from './open-api/open-api.module.ts';
import { registryControllers } from './registry-controllers.module.ts';

/** Room for 10,000 devices as JSON; nothing else comes near. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export const REGISTRY_HTTP_OPTIONS: FastifyHttpOptions<Server> = {
  bodyLimit: MAX_BODY_BYTES,
  rewriteUrl: ({ method = 'GET', url = '/' }) => routedUrl(method, url),
  frameworkErrors: answerUnroutable,
  routerOptions: { maxParamLength: 300 },
};

/** The API's door, its errors and its description. */
export function prepareRegistryHttp(app: NestFastifyApplication): void {
  const http = app.getHttpAdapter().getInstance();
  app.useGlobalPipes(requestSchemaPipe());
  app.useGlobalInterceptors(new HttpSpans(documentedRoute));
  app.useGlobalFilters(
    new ProblemFilter((error) => (isDatabaseOutage(error) ? new DatabaseUnavailable(error) : undefined)),
  );
  measureRequests(http);
  app.get(ApiEntrance).attachTo(http);
  serveDocs(http, openApiDocument(app, registryControllers));
}

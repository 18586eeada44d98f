import { metrics } from '@opentelemetry/api';
import type { FastifyInstance } from 'fastify';
import { documentedRoute } from './custom-verb.ts';

const BOUNDARIES_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How long requests to the API take, by route and status: OpenTelemetry's `http.server.request.duration`. */
export function measureRequests(http: FastifyInstance): void {
  const duration = metrics.getMeter('gatehouse').createHistogram('http.server.request.duration', {
    description: 'Duration of HTTP requests',
    unit: 's',
    advice: { explicitBucketBoundaries: BOUNDARIES_S },
  });
  http.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? '' : documentedRoute(request.routeOptions.url ?? '');
    // Probes and scrapes would drown the requests of people.
    if (!request.is404 && !route.startsWith('/api/v1/')) return done();
    duration.record(reply.elapsedTime / 1_000, {
      'http.request.method': request.is404 ? '_OTHER' : request.method,
      'http.response.status_code': reply.statusCode,
      // Unknown paths are one: whoever tries them must not make a series each.
      'http.route': route,
    });
    return done();
  });
}

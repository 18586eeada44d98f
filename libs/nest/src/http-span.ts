import { failSpan, startSpan } from '@gatehouse/observability';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import type { FastifyRequest } from 'fastify';
import { finalize, Observable, tap } from 'rxjs';
import { asFailure } from './failure-status.ts';

/** Runs each HTTP request inside a server span, `POST /api/v1/gateways`, that continues the caller's trace. */
export class HttpSpans implements NestInterceptor {
  /** @param nameOf the name of a route, from the router's pattern */
  constructor(private readonly nameOf: (route: string) => string = (route) => route) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = execution.switchToHttp().getRequest<FastifyRequest>();
    const route = this.nameOf(request.routeOptions.url ?? '');
    const parent = propagation.extract(context.active(), request.headers);
    const span = startSpan(
      `${request.method} ${route}`,
      {
        kind: SpanKind.SERVER,
        attributes: { 'http.request.method': request.method, 'http.route': route },
      },
      parent,
    );
    return new Observable<unknown>((subscriber) =>
      context.with(trace.setSpan(parent, span), () => next.handle().subscribe(subscriber)),
    ).pipe(
      tap({
        error: (error: unknown) => {
          // A request that was wrong is no fault of the server: OpenTelemetry's conventions for HTTP spans.
          if (asFailure(error).kind === 'internal') failSpan(span, error);
        },
      }),
      finalize(() => span.end()),
    );
  }
}

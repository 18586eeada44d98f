import { STATUS_CODES } from 'node:http';
import { Failure, type FieldError } from '@gatehouse/failure';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { asFailure, httpStatusOf } from './failure-status.ts';
import { HttpFailure, httpFailureOf, UrlMalformed, UrlTooLong } from './http-failure.ts';
import { serviceLogger } from './service-logger.ts';

/** Problem details, RFC 9457, with the members that every problem of ours has. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors: readonly FieldError[];
}

export function problemOf(failure: Failure): Problem {
  const status = failure instanceof HttpFailure ? failure.status : httpStatusOf(failure.kind);
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: failure.message,
    code: failure.code,
    errors: failure.errors,
  };
}

/** The one form in which errors leave over HTTP. */
export function answerProblem(reply: FastifyReply, failure: Failure): void {
  if (failure instanceof HttpFailure) void reply.headers(failure.headers);
  const problem = problemOf(failure);
  void reply
    .status(problem.status)
    .type('application/problem+json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(problem);
}

/** For Fastify's `frameworkErrors`: what the router refuses before any filter is asked. */
export function answerUnroutable(
  error: { readonly statusCode?: number },
  _request: unknown,
  reply: FastifyReply,
): void {
  answerProblem(reply, error.statusCode === 414 ? new UrlTooLong() : new UrlMalformed());
}

/**
 * Answers every error of the HTTP side, those of the framework included, as `application/problem+json`.
 *
 * @param translate names errors that only the service knows, such as those of its database
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly translate: (error: unknown) => Failure | undefined = () => undefined) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const failure = this.#failureOf(error, request);
    if (failure.kind === 'internal') {
      serviceLogger().error(
        { err: error, method: request.method, path: pathOf(request) },
        'a request failed',
      );
    }
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    answerProblem(reply, failure);
  }

  #failureOf(error: unknown, request: FastifyRequest): Failure {
    if (error instanceof Failure) return error;
    const translated = this.translate(error);
    if (translated !== undefined) return translated;
    const status = error instanceof HttpException ? error.getStatus() : statusCodeOf(error);
    return httpFailureOf(status, request.method, pathOf(request)) ?? asFailure(error);
  }
}

/** The query may hold what must not be logged. */
function pathOf(request: FastifyRequest): string {
  return request.originalUrl.split('?', 1)[0] ?? '';
}

/** Fastify's own errors carry the status that they mean. */
function statusCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

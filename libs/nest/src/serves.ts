import type { RequestContract } from '@gatehouse/contracts';
import { Failure, type FieldError } from '@gatehouse/failure';
import { extractTrace } from '@gatehouse/nats';
import { failSpan, startSpan } from '@gatehouse/observability';
import {
  applyDecorators,
  Catch,
  UseFilters,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type RpcExceptionFilter,
} from '@nestjs/common';
import { MessagePattern, type NatsContext } from '@nestjs/microservices';
import type { MsgHdrs } from '@nats-io/transport-node';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { catchError, finalize, map, Observable, throwError } from 'rxjs';
import { asFailure, Unexpected } from './failure-status.ts';
import { fieldErrorsOf } from './field-errors.ts';
import { NOT_JSON } from './plain-json-transport.ts';
import { serviceLogger } from './service-logger.ts';

/** A request that breaks its contract: where, and how. */
export class RequestMalformed extends Failure {
  readonly code = 'BUS_REQUEST_MALFORMED';
  readonly kind = 'invalid';

  constructor(
    readonly subject: string,
    override readonly errors: readonly FieldError[],
  ) {
    super(
      `a request on ${subject} breaks its contract: ${errors.map((each) => `${each.path} ${each.message}`).join('; ')}`,
    );
  }
}

/**
 * The decorated method answers the contract's subject. It receives the checked request; its answer is
 * checked too; a Failure it throws is a refusal with that code. Runs inside a span that continues the
 * caller's trace.
 */
export function Serves(contract: RequestContract): MethodDecorator {
  return applyDecorators(
    MessagePattern(contract.subject),
    UseInterceptors(new ContractInterceptor(contract)),
    UseFilters(RefusalFilter),
  );
}

/** Hands the failure itself to the serializer; Nest's own filter would make a bare message of it. */
@Catch()
class RefusalFilter implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => asFailure(error));
  }
}

class ContractInterceptor implements NestInterceptor {
  constructor(private readonly contract: RequestContract) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { subject } = this.contract;
    const carried = execution.switchToRpc().getContext<NatsContext>().getHeaders() as MsgHdrs | undefined;
    const parent = extractTrace(carried);
    const span = startSpan(
      `${subject} process`,
      {
        kind: SpanKind.SERVER,
        attributes: { 'messaging.system': 'nats', 'messaging.destination.name': subject },
      },
      parent,
    );
    const handled = new Observable<unknown>((subscriber) =>
      context.with(trace.setSpan(parent, span), () => {
        try {
          this.#checkRequest(execution);
        } catch (error) {
          subscriber.error(error);
          return undefined;
        }
        return next.handle().subscribe(subscriber);
      }),
    );
    return handled.pipe(
      map((answer) => this.#checkedReply(answer)),
      catchError((error: unknown) => {
        const failure = asFailure(error);
        failSpan(span, error);
        if (failure.kind === 'internal') serviceLogger().error({ err: error, subject }, 'a request failed');
        return throwError(() => failure);
      }),
      finalize(() => span.end()),
    );
  }

  /** Nest hands the handler the same argument array, so the checked request takes the raw one's place. */
  #checkRequest(execution: ExecutionContext): void {
    const raw: unknown = execution.switchToRpc().getData();
    const parsed = this.contract.request.safeParse(raw === NOT_JSON ? undefined : raw);
    if (!parsed.success) {
      throw new RequestMalformed(this.contract.subject, fieldErrorsOf(parsed.error.issues));
    }
    execution.getArgs()[0] = parsed.data;
  }

  #checkedReply(answer: unknown): unknown {
    const parsed = this.contract.reply.safeParse(answer);
    if (!parsed.success) throw new Unexpected(parsed.error);
    return parsed.data;
  }
}

import { Failure, type FieldError } from '@gatehouse/failure';
import type { ReplyOf, RequestContract, RequestOf } from '@gatehouse/contracts';
import { extractTrace } from '@gatehouse/nats';
import { inSpan } from '@gatehouse/observability';
import { Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { Ctx, MessagePattern, Payload, type NatsContext } from '@nestjs/microservices';
import type { MsgHdrs } from '@nats-io/transport-node';
import { SpanKind } from '@opentelemetry/api';
import { throwError, type Observable } from 'rxjs';
import { asFailure, Unexpected } from './failure-status.ts';
import { fieldErrorsOf } from './field-errors.ts';
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

type Answer<C extends RequestContract> = (request: RequestOf<C>) => Promise<ReplyOf<C>>;

/**
 * The decorated method answers the contract's subject. It receives the checked request; its answer is
 * checked too; a Failure it throws is a refusal with that code. Runs inside a span that continues the
 * caller's trace. (Around the method, not as an interceptor of Nest: each of those is a pipeline of
 * observables more for every request.)
 */
export function Serves<C extends RequestContract>(
  contract: C,
): (target: object, method: string, descriptor: TypedPropertyDescriptor<Answer<C>>) => void {
  return (target, method, descriptor) => {
    const { value: answer } = descriptor;
    if (answer === undefined) throw new TypeError(`${method} is no method`);
    Object.assign(descriptor, {
      value(this: object, raw: unknown, nats: NatsContext): Promise<ReplyOf<C>> {
        return answerByContract(contract, answer.bind(this), raw, nats);
      },
    });
    Payload()(target, method, 0);
    Ctx()(target, method, 1);
    MessagePattern(contract.subject)(target, method, descriptor);
    UseFilters(RefusalFilter)(target, method, descriptor);
  };
}

/** Hands the failure itself to the serializer; Nest's own filter would make a bare message of it. */
@Catch()
class RefusalFilter implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => asFailure(error));
  }
}

function answerByContract<C extends RequestContract>(
  contract: C,
  answer: Answer<C>,
  raw: unknown,
  nats: NatsContext,
): Promise<ReplyOf<C>> {
  const { subject } = contract;
  const attributes = { 'messaging.system': 'nats', 'messaging.destination.name': subject };
  const parent = extractTrace(nats.getHeaders() as MsgHdrs | undefined);
  return inSpan(
    `${subject} process`,
    { kind: SpanKind.SERVER, attributes },
    async () => {
      try {
        return checkedReply(contract, await answer(checkedRequest(contract, raw)));
      } catch (error) {
        if (asFailure(error).kind === 'internal') {
          serviceLogger().error({ err: error, subject }, 'a request failed');
        }
        throw error;
      }
    },
    parent,
  );
}

function checkedRequest<C extends RequestContract>({ subject, request }: C, raw: unknown): RequestOf<C> {
  const parsed = request.safeParse(raw);
  if (!parsed.success) throw new RequestMalformed(subject, fieldErrorsOf(parsed.error.issues));
  return parsed.data as RequestOf<C>;
}

function checkedReply<C extends RequestContract>({ reply }: C, answer: unknown): ReplyOf<C> {
  const parsed = reply.safeParse(answer);
  if (!parsed.success) throw new Unexpected(parsed.error);
  return parsed.data as ReplyOf<C>;
}

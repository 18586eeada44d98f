import { SERVICE_ERROR_CODE_HEADER, SERVICE_ERROR_HEADER, watchProduct } from '@gatehouse/contracts';
import { httpStatusOf, RequestMalformed } from '@gatehouse/nest';
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { ProductWatch } from './product-watch.ts';

/**
 * Answers `parser.v1.watch`. Every instance must hear it, since each sees other partitions; Nest's transport
 * gives all subjects of a service one queue group, so this one is subscribed to directly.
 */
export class WatchRequests {
  readonly #subscription: Subscription;

  constructor(
    nats: NatsConnection,
    private readonly instanceId: string,
    private readonly watch: ProductWatch,
  ) {
    this.#subscription = nats.subscribe(watchProduct.subject, {
      callback: (_error, message) => this.#answer(message),
    });
  }

  /** Called by Nest when the service stops. */
  onModuleDestroy(): void {
    this.#subscription.unsubscribe();
  }

  #answer(message: Msg): void {
    const request = watchProduct.request.safeParse(jsonOf(message));
    if (request.success) {
      this.watch.watch(request.data.productKey, request.data.seconds);
      message.respond(JSON.stringify(watchProduct.reply.parse({ instance: this.instanceId })));
      return;
    }
    const refusal = new RequestMalformed(
      watchProduct.subject,
      request.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
    );
    const refused = headers();
    refused.set(SERVICE_ERROR_CODE_HEADER, String(httpStatusOf(refusal.kind)));
    refused.set(SERVICE_ERROR_HEADER, refusal.code);
    const { code, kind, errors } = refusal;
    message.respond(JSON.stringify({ code, kind, message: refusal.message, errors }), { headers: refused });
  }
}

function jsonOf(message: Msg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

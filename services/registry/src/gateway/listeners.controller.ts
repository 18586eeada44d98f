import { getGateway, listGateways, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { ListenerQueries } from './listeners.queries.ts';

/** Answers `registry.v1.list-gateways` and `registry.v1.get-gateway`, for edges only. */
@Controller()
export class ListenersController {
  constructor(@Inject(ListenerQueries) private readonly queries: ListenerQueries) {}

  @Serves(listGateways)
  list({ after }: RequestOf<typeof listGateways>): Promise<ReplyOf<typeof listGateways>> {
    return this.queries.list(after);
  }

  @Serves(getGateway)
  async get({ gatewayId }: RequestOf<typeof getGateway>): Promise<ReplyOf<typeof getGateway>> {
    return { gateway: await this.queries.get(gatewayId) };
  }
}

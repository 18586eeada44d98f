import { getGatewayAdmission, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { GatewayAdmissionQueries } from './gateway-admission.queries.ts';

/** Answers `registry.v1.get-gateway-admission`, for auth only: the answer can hold a secret. */
@Controller()
export class GatewayAdmissionController {
  constructor(@Inject(GatewayAdmissionQueries) private readonly queries: GatewayAdmissionQueries) {}

  @Serves(getGatewayAdmission)
  async get({
    gatewayId,
  }: RequestOf<typeof getGatewayAdmission>): Promise<ReplyOf<typeof getGatewayAdmission>> {
    return { admission: await this.queries.get(gatewayId) };
  }
}

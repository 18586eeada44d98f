import { addressBanPage, pageQuery, type AddressBan, type Page } from '@gatehouse/contracts';
import { Controller, Delete, Get, HttpCode, Inject, Param, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { commandContext } from '../api/api-request.ts';
import { Bans } from './bans.ts';

const banQuery = pageQuery.extend({
  gatewayId: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .optional(),
});

@ApiTags('connection attempts')
@ApiBearerAuth()
@Controller('api/v1/bans')
export class BansController {
  constructor(@Inject(Bans) private readonly bans: Bans) {}

  @Get()
  @ApiOperation({
    summary: 'Addresses that may not connect to a gateway for a while, after too many failures',
  })
  @ApiOkResponse({ standardSchema: addressBanPage })
  list(@Query({ schema: banQuery }) query: z.infer<typeof banQuery>): Promise<Page<AddressBan>> {
    return this.bans.list(query);
  }

  @Delete(':gatewayId/:address')
  @HttpCode(204)
  @ApiOperation({ summary: 'Lift a ban before it ends' })
  @ApiNoContentResponse()
  async lift(
    @Param('gatewayId') gatewayId: string,
    @Param('address') address: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.bans.lift(gatewayId, address, commandContext(request));
  }
}

import {
  gatewayInput,
  gatewayPage,
  gatewayPatch,
  gatewayView,
  pageQuery,
  type GatewayInput,
  type GatewayPatch,
  type GatewayView,
  type Page,
} from '@gatehouse/contracts';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  Req,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { commandContext } from '../api/api-request.ts';
import { GatewayStatusView } from '../edge/gateway-status-view.ts';
import { GatewayCommands } from './gateway-commands.ts';
import { GatewayQueries } from './gateway-views.queries.ts';

const deleteQuery = z.strictObject({ force: z.enum(['true', 'false']).default('false') });

@ApiTags('gateways')
@ApiBearerAuth()
@Controller('api/v1/gateways')
export class GatewaysController {
  constructor(
    @Inject(GatewayCommands) private readonly commands: GatewayCommands,
    @Inject(GatewayQueries) private readonly queries: GatewayQueries,
    @Inject(GatewayStatusView) private readonly status: GatewayStatusView,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a gateway, and its product with it' })
  @ApiCreatedResponse({ standardSchema: gatewayView })
  async create(
    @Body({ schema: gatewayInput }) input: GatewayInput,
    @Req() request: FastifyRequest,
  ): Promise<GatewayView> {
    return this.status.merged(await this.commands.create(input, commandContext(request)));
  }

  @Get()
  @ApiOperation({ summary: 'List gateways' })
  @ApiOkResponse({ standardSchema: gatewayPage })
  async list(@Query({ schema: pageQuery }) page: z.infer<typeof pageQuery>): Promise<Page<GatewayView>> {
    const { items, next } = await this.queries.list(page);
    return { items: await this.status.allMerged(items), next };
  }

  @Get(':gatewayId')
  @ApiOperation({ summary: 'One gateway' })
  @ApiOkResponse({ standardSchema: gatewayView })
  async get(@Param('gatewayId') gatewayId: string): Promise<GatewayView> {
    return this.status.merged(await this.queries.get(gatewayId));
  }

  @Patch(':gatewayId')
  @ApiOperation({ summary: 'Change name, certificates, authentication, OCSP mode or parsing switch' })
  @ApiOkResponse({ standardSchema: gatewayView })
  async change(
    @Param('gatewayId') gatewayId: string,
    @Body({ schema: gatewayPatch }) patch: GatewayPatch,
    @Req() request: FastifyRequest,
  ): Promise<GatewayView> {
    return this.status.merged(await this.commands.change(gatewayId, patch, commandContext(request)));
  }

  @Delete(':gatewayId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a gateway; refused while devices are online unless forced' })
  @ApiNoContentResponse()
  async delete(
    @Param('gatewayId') gatewayId: string,
    @Query({ schema: deleteQuery }) query: z.infer<typeof deleteQuery>,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.commands.delete(gatewayId, { force: query.force === 'true' }, commandContext(request));
  }
}

import {
  atQuery,
  deviceHistoryPage,
  gatewayCertificatesView,
  gatewayNowOrThen,
  gatewayPage,
  gatewayView,
  historyQuery,
  pageQuery,
  type DeviceHistoryEvent,
  type GatewayCertificatesView,
  type GatewayInput,
  type GatewayPatch,
  type GatewayStateAt,
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
  Res,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { commandContext } from '../api/api-request.ts';
import { expectedVersions, IF_MATCH, tagged } from '../api/if-match.ts';
import { GatewayStatusView } from '../edge/gateway-status-view.ts';
import { gatewayBody, gatewayPatchBody } from './gateway-body.ts';
import { GatewayCommands } from './gateway-commands.ts';
import { GatewayQueries } from './gateway-views.queries.ts';
import { StapledCertificates } from './stapled-certificates.ts';

const deleteQuery = z.strictObject({ force: z.enum(['true', 'false']).default('false') });

@ApiTags('gateways')
@ApiBearerAuth()
@Controller('api/v1/gateways')
export class GatewaysController {
  constructor(
    @Inject(GatewayCommands) private readonly commands: GatewayCommands,
    @Inject(GatewayQueries) private readonly queries: GatewayQueries,
    @Inject(StapledCertificates) private readonly certificates: StapledCertificates,
    @Inject(GatewayStatusView) private readonly status: GatewayStatusView,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a gateway, and its product with it' })
  @ApiCreatedResponse({ standardSchema: gatewayView })
  async create(
    @Body({ schema: gatewayBody }) input: GatewayInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GatewayView> {
    return tagged(reply, await this.commands.create(input, commandContext(request)));
  }

  @Get()
  @ApiOperation({ summary: 'List gateways' })
  @ApiOkResponse({ standardSchema: gatewayPage })
  async list(@Query({ schema: pageQuery }) page: z.infer<typeof pageQuery>): Promise<Page<GatewayView>> {
    const { items, next } = await this.queries.list(page);
    return { items: await this.status.allMerged(items), next };
  }

  @Get(':gatewayId')
  @ApiOperation({
    summary: 'One gateway',
    description: 'With `at` as it was at that instant, without status, with who had changed it last.',
  })
  @ApiOkResponse({ standardSchema: gatewayNowOrThen })
  async get(
    @Param('gatewayId') gatewayId: string,
    @Query({ schema: atQuery }) { at }: z.infer<typeof atQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GatewayView | GatewayStateAt> {
    if (at !== undefined) return this.queries.getAt(gatewayId, new Date(at));
    return tagged(reply, await this.status.merged(await this.queries.get(gatewayId)));
  }

  @Get(':gatewayId/events')
  @ApiOperation({ summary: 'What happened to a gateway, newest first; also of one that was deleted' })
  @ApiOkResponse({ standardSchema: deviceHistoryPage })
  history(
    @Param('gatewayId') gatewayId: string,
    @Query({ schema: historyQuery }) page: z.infer<typeof historyQuery>,
  ): Promise<Page<DeviceHistoryEvent>> {
    return this.queries.history(gatewayId, page);
  }

  @Get(':gatewayId/certificates')
  @ApiOperation({ summary: 'Certificate chains of a gateway, with key types, expiry and staples' })
  @ApiOkResponse({ standardSchema: gatewayCertificatesView })
  getCertificates(@Param('gatewayId') gatewayId: string): Promise<GatewayCertificatesView> {
    return this.certificates.get(gatewayId);
  }

  @Patch(':gatewayId')
  @ApiOperation({
    summary: 'Change name, certificates, authentication target, OCSP mode, parsing or limits',
  })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ standardSchema: gatewayView })
  async change(
    @Param('gatewayId') gatewayId: string,
    @Body({ schema: gatewayPatchBody }) patch: GatewayPatch,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GatewayView> {
    const changed = await this.commands.change(gatewayId, patch, commandContext(request), {
      expectedVersions: expectedVersions(request),
      withStatus: (view) => this.status.asWritten(view),
    });
    return tagged(reply, changed);
  }

  @Delete(':gatewayId')
  @HttpCode(204)
  @ApiHeader(IF_MATCH)
  @ApiOperation({ summary: 'Delete a gateway; refused while devices are online unless forced' })
  @ApiNoContentResponse()
  async delete(
    @Param('gatewayId') gatewayId: string,
    @Query({ schema: deleteQuery }) query: z.infer<typeof deleteQuery>,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.commands.delete(
      gatewayId,
      { force: query.force === 'true', expectedVersions: expectedVersions(request) },
      commandContext(request),
    );
  }
}

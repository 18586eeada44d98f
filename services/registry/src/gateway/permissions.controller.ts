import { atQuery, topicPermissions, type TopicPermission } from '@gatehouse/contracts';
import { Body, Controller, Get, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { commandContext } from '../api/api-request.ts';
import { expectedVersions, IF_MATCH, tagged } from '../api/if-match.ts';
import { GatewayCommands } from './gateway-commands.ts';
import { GatewayQueries } from './gateway-views.queries.ts';

@ApiTags('gateways')
@ApiBearerAuth()
@Controller('api/v1/gateways/:gatewayId/permissions')
export class PermissionsController {
  constructor(
    @Inject(GatewayCommands) private readonly commands: GatewayCommands,
    @Inject(GatewayQueries) private readonly queries: GatewayQueries,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'What devices may publish and subscribe',
    description:
      'The first rule that matches decides. Without any rule everything is allowed; with some, what none of ' +
      'them matches is not. With `at` the rules of that instant.',
  })
  @ApiOkResponse({ standardSchema: topicPermissions })
  async get(
    @Param('gatewayId') gatewayId: string,
    @Query({ schema: atQuery }) { at }: z.infer<typeof atQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly TopicPermission[]> {
    if (at !== undefined) return (await this.queries.permissionsAt(gatewayId, new Date(at))).permissions;
    return tagged(reply, await this.queries.permissions(gatewayId)).permissions;
  }

  @Put()
  @ApiOperation({
    summary: 'Replace the rules about topics; live sessions are held to the new ones within a second',
    description:
      'A topic is a topic filter that may hold ${deviceName}, ${username} and ${clientId}. A rule whose ' +
      'placeholder stands for nothing, or for something with / + or # in it, matches nothing.',
  })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ standardSchema: topicPermissions })
  async replace(
    @Param('gatewayId') gatewayId: string,
    @Body({ schema: topicPermissions }) permissions: TopicPermission[],
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<readonly TopicPermission[]> {
    const options = { expectedVersions: expectedVersions(request) };
    const context = commandContext(request);
    const replaced = await this.commands.replacePermissions(gatewayId, permissions, context, options);
    return tagged(reply, replaced).permissions;
  }
}

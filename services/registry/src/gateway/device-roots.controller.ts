import {
  deviceRootInput,
  deviceRootPatch,
  deviceRootsView,
  type DeviceRootInput,
  type DeviceRootPatch,
  type DeviceRootsView,
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
import { commandContext } from '../api/api-request.ts';
import { expectedVersions, IF_MATCH, tagged } from '../api/if-match.ts';
import { CertificateCommands } from './certificate-commands.ts';
import { deviceRootsOf, GatewayCertificateQueries } from './gateway-certificates.queries.ts';

@ApiTags('gateways')
@ApiBearerAuth()
@Controller('api/v1/gateways/:gatewayId/device-roots')
export class DeviceRootsController {
  constructor(
    @Inject(CertificateCommands) private readonly commands: CertificateCommands,
    @Inject(GatewayCertificateQueries) private readonly queries: GatewayCertificateQueries,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The roots that client certificates of a gateway may chain to' })
  @ApiOkResponse({ standardSchema: deviceRootsView })
  async list(
    @Param('gatewayId') gatewayId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeviceRootsView> {
    return tagged(reply, deviceRootsOf(await this.queries.get(gatewayId)));
  }

  @Post()
  @ApiOperation({
    summary: 'Add a device root; nobody is disconnected',
    description: 'Up to ten. The one that the gateway was created with is the first.',
  })
  @ApiHeader(IF_MATCH)
  @ApiCreatedResponse({ standardSchema: deviceRootsView })
  async add(
    @Param('gatewayId') gatewayId: string,
    @Body({ schema: deviceRootInput }) input: DeviceRootInput,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeviceRootsView> {
    const options = { expectedVersions: expectedVersions(request) };
    const context = commandContext(request);
    return tagged(reply, await this.commands.addDeviceRoot(gatewayId, input, context, options));
  }

  @Patch(':fingerprint')
  @ApiOperation({
    summary: 'Switch a device root on or off',
    description:
      'Switching one off ends the sessions of the gateway, and devices below the other roots connect again. The ' +
      'last one that is on stays on.',
  })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ standardSchema: deviceRootsView })
  change(
    @Param('gatewayId') gatewayId: string,
    @Param('fingerprint') fingerprint: string,
    @Body({ schema: deviceRootPatch }) patch: DeviceRootPatch,
    @Req() request: FastifyRequest,
  ): Promise<DeviceRootsView> {
    const options = { expectedVersions: expectedVersions(request) };
    const root = { gatewayId, fingerprint };
    return this.commands.switchDeviceRoot(root, patch, commandContext(request), options);
  }

  @Delete(':fingerprint')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a device root; the last one that is switched on stays' })
  @ApiHeader(IF_MATCH)
  @ApiNoContentResponse()
  async remove(
    @Param('gatewayId') gatewayId: string,
    @Param('fingerprint') fingerprint: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const options = { expectedVersions: expectedVersions(request) };
    await this.commands.removeDeviceRoot({ gatewayId, fingerprint }, commandContext(request), options);
  }
}

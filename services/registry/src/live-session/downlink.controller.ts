import { downlinkInput, downlinkResult, type DownlinkInput, type DownlinkResult } from '@gatehouse/contracts';
import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { commandContext } from '../api/api-request.ts';
import { Downlink } from './downlink.ts';

@ApiTags('messages')
@ApiBearerAuth()
@Controller('api/v1/products/:productKey/devices/:deviceName/messages')
export class DownlinkController {
  constructor(@Inject(Downlink) private readonly downlink: Downlink) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Send a message to a device' })
  @ApiOkResponse({ standardSchema: downlinkResult })
  send(
    @Param('productKey') productKey: string,
    @Param('deviceName') deviceName: string,
    @Body({ schema: downlinkInput }) input: DownlinkInput,
    @Req() request: FastifyRequest,
  ): Promise<DownlinkResult> {
    return this.downlink.send({ productKey, deviceName, input }, commandContext(request));
  }
}

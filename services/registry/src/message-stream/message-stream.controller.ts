import { messageStreamQuery, streamedMessage } from '@gatehouse/contracts';
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { ApiKeyAuthentication } from '../operator/api-key-authentication.ts';
import { MessageStreams } from './message-streams.ts';

@ApiTags('messages')
@ApiBearerAuth()
@Controller('api/v1/products/:productKey/messages')
export class MessageStreamController {
  constructor(
    @Inject(MessageStreams) private readonly streams: MessageStreams,
    @Inject(ApiKeyAuthentication) private readonly authentication: ApiKeyAuthentication,
  ) {}

  @Get('stream')
  @ApiOperation({
    summary: 'What devices publish, raw and parsed, as it happens',
    description:
      'Server-sent events. The comment ": connected" says that from here on nothing is missed; then comes ' +
      '"event: message" for each message, and "event: dropped" with a count when the reader was too slow. ' +
      'The parameter topic is an MQTT topic filter.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ standardSchema: streamedMessage, description: 'The data of each "event: message"' })
  async stream(
    @Param('productKey') productKey: string,
    @Query({ schema: messageStreamQuery }) query: z.infer<typeof messageStreamQuery>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const selection = { productKey, ...query };
    await this.streams.check(selection);
    reply.hijack();
    this.streams.open(selection, {
      response: reply.raw,
      mayGoOn: () => this.authentication.isStillGood(request.headers.authorization),
    });
  }
}

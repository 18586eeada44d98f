import {
  connectionAttemptPage,
  connectionAttemptQuery,
  type ConnectionAttempt,
  type Page,
} from '@gatehouse/contracts';
import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { RecentAttempts } from './recent-attempts.ts';

/** Says that older attempts are still being read. */
const FILLING = 'Gatehouse-Filling';

@ApiTags('connection attempts')
@ApiBearerAuth()
@Controller('api/v1/connection-attempts')
export class ConnectionAttemptsController {
  constructor(@Inject(RecentAttempts) private readonly attempts: RecentAttempts) {}

  @Get()
  @ApiOperation({
    summary: 'Who tried to connect, what became of it and why, newest first',
    description:
      'The newest 50,000 attempts or so, refused ones included. All filters that are given must hold, each ' +
      'whole; `ip` is the address as an attempt shows it. An attempt that was refused names no device: look ' +
      'for its user name.',
  })
  @ApiOkResponse({
    standardSchema: connectionAttemptPage,
    headers: {
      [FILLING]: {
        description: 'true for a while after a start: older attempts are still being read',
        schema: { type: 'string' },
      },
    },
  })
  list(
    @Query({ schema: connectionAttemptQuery }) query: z.infer<typeof connectionAttemptQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Page<ConnectionAttempt> {
    if (this.attempts.isFilling) void reply.header(FILLING, 'true');
    const { ip: remoteAddress, ...filter } = query;
    return this.attempts.list({ ...filter, remoteAddress });
  }
}

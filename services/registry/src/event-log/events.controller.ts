import { eventListQuery, eventPage, type LoggedEvent, type Page } from '@gatehouse/contracts';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { EventQueries } from './events.queries.ts';

@ApiTags('events')
@ApiBearerAuth()
@Controller('api/v1/events')
export class EventsController {
  constructor(@Inject(EventQueries) private readonly queries: EventQueries) {}

  @Get()
  @ApiOperation({
    summary: 'The whole log, oldest first, for audit',
    description: 'A stream is named like device/{productKey}/{deviceName} or gateway/{gatewayId}.',
  })
  @ApiOkResponse({ standardSchema: eventPage })
  list(@Query({ schema: eventListQuery }) query: z.infer<typeof eventListQuery>): Promise<Page<LoggedEvent>> {
    return this.queries.list(query);
  }
}

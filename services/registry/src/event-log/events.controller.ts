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
    description:
      'A stream is named like device/{productKey}/{deviceName} or gateway/{gatewayId}. The filters stream, type, ' +
      'actor, from (at or after) and to (before) go together.',
  })
  @ApiOkResponse({ standardSchema: eventPage })
  list(@Query({ schema: eventListQuery }) query: z.infer<typeof eventListQuery>): Promise<Page<LoggedEvent>> {
    const { from, to, ...rest } = query;
    return this.queries.list({ ...rest, from: dateOf(from), to: dateOf(to) });
  }
}

const dateOf = (instant: string | undefined): Date | undefined =>
  instant === undefined ? undefined : new Date(instant);

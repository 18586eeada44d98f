import {
  deletedParsingFailures,
  parsingFailurePage,
  parsingFailureQuery,
  parsingFailureSelection,
  parsingRetryInput,
  parsingRetryResult,
  type DeletedParsingFailures,
  type Page,
  type ParsingFailureSelection,
  type ParsingFailureView,
  type ParsingRetryInput,
  type ParsingRetryResult,
} from '@gatehouse/contracts';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { commandContext } from '../api/api-request.ts';
import { ParsingFailures } from './parsing-failures.ts';

@ApiTags('parsing')
@ApiBearerAuth()
@Controller('api/v1/products/:productKey/parsing/failures')
export class ParsingFailuresController {
  constructor(@Inject(ParsingFailures) private readonly failures: ParsingFailures) {}

  @Get()
  @ApiOperation({
    summary: 'Messages that could not be parsed, as their devices sent them, newest first',
    description:
      'They are kept for 7 days, 1,000 of each device and code, unless the installation says otherwise. A page ' +
      'ends early when its payloads are long.',
  })
  @ApiOkResponse({ standardSchema: parsingFailurePage })
  list(
    @Param('productKey') productKey: string,
    @Query({ schema: parsingFailureQuery }) query: z.infer<typeof parsingFailureQuery>,
  ): Promise<Page<ParsingFailureView>> {
    return this.failures.list(productKey, query);
  }

  @Post('::retry')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Parse them again with the version in force, the oldest first',
    description:
      'What parses is stored in MESSAGES, with the header Gatehouse-Parsed-Again; its place there is the end, ' +
      'its time that of the device. What fails again stays; `next` goes on behind it. One call of a product at a time.',
  })
  @ApiOkResponse({ standardSchema: parsingRetryResult })
  retry(
    @Param('productKey') productKey: string,
    @Body({ schema: parsingRetryInput }) input: ParsingRetryInput,
    @Req() request: FastifyRequest,
  ): Promise<ParsingRetryResult> {
    return this.failures.retry(productKey, input, commandContext(request));
  }

  @Delete()
  @ApiOperation({ summary: 'Throw them away: all, or those of a device, or with a code' })
  @ApiOkResponse({ standardSchema: deletedParsingFailures })
  delete(
    @Param('productKey') productKey: string,
    @Query({ schema: parsingFailureSelection }) selection: ParsingFailureSelection,
    @Req() request: FastifyRequest,
  ): Promise<DeletedParsingFailures> {
    return this.failures.delete(productKey, selection, commandContext(request));
  }
}

import {
  parsingDraftInput,
  parsingDraftView,
  parsingVersionList,
  parsingVersionView,
  versionListQuery,
  wholeNumberText,
  type Page,
  type ParsingDraftInput,
  type ParsingDraftView,
  type ParsingVersionView,
} from '@gatehouse/contracts';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
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
import { ParsingScriptCommands } from './parsing-script-commands.ts';
import { ParsingScriptQueries } from './parsing-script-views.queries.ts';

/** PostgreSQL's integer. */
const MAX_VERSION = 2_147_483_647;
const versionNumber = wholeNumberText(z.int().min(1).max(MAX_VERSION));

@ApiTags('parsing')
@ApiBearerAuth()
@Controller('api/v1/products/:productKey/parsing')
export class ParsingScriptsController {
  constructor(
    @Inject(ParsingScriptCommands) private readonly commands: ParsingScriptCommands,
    @Inject(ParsingScriptQueries) private readonly queries: ParsingScriptQueries,
  ) {}

  @Get('draft')
  @ApiOperation({ summary: 'The parsing script being written' })
  @ApiOkResponse({ standardSchema: parsingDraftView })
  draft(@Param('productKey') productKey: string): Promise<ParsingDraftView> {
    return this.queries.draft(productKey);
  }

  @Put('draft')
  @ApiOperation({ summary: 'Save the draft; what is in force stays in force' })
  @ApiOkResponse({ standardSchema: parsingDraftView })
  putDraft(
    @Param('productKey') productKey: string,
    @Body({ schema: parsingDraftInput }) draft: ParsingDraftInput,
    @Req() request: FastifyRequest,
  ): Promise<ParsingDraftView> {
    return this.commands.putDraft(productKey, draft, commandContext(request));
  }

  @Delete('draft')
  @HttpCode(204)
  @ApiOperation({ summary: 'Throw the draft away' })
  @ApiNoContentResponse()
  async deleteDraft(@Param('productKey') productKey: string, @Req() request: FastifyRequest): Promise<void> {
    await this.commands.deleteDraft(productKey, commandContext(request));
  }

  @Post('draft/::submit')
  @ApiOperation({ summary: 'Put the draft in force as the next version' })
  @ApiCreatedResponse({ standardSchema: parsingVersionView })
  submit(
    @Param('productKey') productKey: string,
    @Req() request: FastifyRequest,
  ): Promise<ParsingVersionView> {
    return this.commands.submit(productKey, commandContext(request));
  }

  @Get('versions')
  @ApiOperation({ summary: 'Submitted versions, newest first' })
  @ApiOkResponse({ standardSchema: parsingVersionList })
  versions(
    @Param('productKey') productKey: string,
    @Query({ schema: versionListQuery }) page: z.infer<typeof versionListQuery>,
  ): Promise<Page<ParsingVersionView>> {
    return this.queries.versions(productKey, page);
  }

  @Post('versions/:version/::restore')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put an earlier version in force again' })
  @ApiOkResponse({ standardSchema: parsingVersionView })
  restore(
    @Param('productKey') productKey: string,
    @Param('version', { schema: versionNumber }) version: number,
    @Req() request: FastifyRequest,
  ): Promise<ParsingVersionView> {
    return this.commands.restore(productKey, version, commandContext(request));
  }
}

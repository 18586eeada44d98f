import {
  parsingCanaryInput,
  parsingDraftInput,
  parsingDraftView,
  parsingSubmitInput,
  parsingVersionList,
  parsingVersionView,
  versionListQuery,
  wholeNumberText,
  type Page,
  type ParsingCanaryInput,
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
  @ApiOperation({
    summary: 'Put the draft in force as the next version, for all devices or as a canary',
    description:
      'With `canaryPercent` the new version parses that share of devices and the version in force all others. ' +
      'Without it the draft is for all devices, which ends a canary that runs.',
  })
  @ApiCreatedResponse({ standardSchema: parsingVersionView })
  submit(
    @Param('productKey') productKey: string,
    @Body({ schema: parsingSubmitInput }) input: z.infer<typeof parsingSubmitInput>,
    @Req() request: FastifyRequest,
  ): Promise<ParsingVersionView> {
    return this.commands.submit(productKey, commandContext(request), input?.canaryPercent);
  }

  @Post('canary')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let the canary parse another share of devices; a larger one holds the smaller' })
  @ApiOkResponse({ standardSchema: parsingVersionView })
  resizeCanary(
    @Param('productKey') productKey: string,
    @Body({ schema: parsingCanaryInput }) { percent }: ParsingCanaryInput,
    @Req() request: FastifyRequest,
  ): Promise<ParsingVersionView> {
    return this.commands.resizeCanary(productKey, percent, commandContext(request));
  }

  @Post('canary/::promote')
  @HttpCode(200)
  @ApiOperation({ summary: 'Put the canary in force for all devices' })
  @ApiOkResponse({ standardSchema: parsingVersionView })
  promoteCanary(
    @Param('productKey') productKey: string,
    @Req() request: FastifyRequest,
  ): Promise<ParsingVersionView> {
    return this.commands.promoteCanary(productKey, commandContext(request));
  }

  @Delete('canary')
  @HttpCode(204)
  @ApiOperation({ summary: 'End the canary: the version in force parses all devices again' })
  @ApiNoContentResponse()
  async endCanary(@Param('productKey') productKey: string, @Req() request: FastifyRequest): Promise<void> {
    await this.commands.endCanary(productKey, commandContext(request));
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
  @ApiOperation({ summary: 'Put an earlier version in force again for all devices; ends a canary' })
  @ApiOkResponse({ standardSchema: parsingVersionView })
  restore(
    @Param('productKey') productKey: string,
    @Param('version', { schema: versionNumber }) version: number,
    @Req() request: FastifyRequest,
  ): Promise<ParsingVersionView> {
    return this.commands.restore(productKey, version, commandContext(request));
  }
}

import {
  apiKeyInput,
  apiKeyPage,
  newApiKeyView,
  pageQuery,
  type ApiKeyInput,
  type ApiKeyView,
  type NewApiKeyView,
  type Page,
} from '@gatehouse/contracts';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { commandContext } from '../api/api-request.ts';
import { ApiKeyCommands } from './api-key-commands.ts';
import { ApiKeyQueries } from './api-keys.queries.ts';

@ApiTags('api-keys')
@ApiBearerAuth()
@Controller('api/v1/api-keys')
export class ApiKeysController {
  constructor(
    @Inject(ApiKeyCommands) private readonly commands: ApiKeyCommands,
    @Inject(ApiKeyQueries) private readonly queries: ApiKeyQueries,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List API keys in use' })
  @ApiOkResponse({ standardSchema: apiKeyPage })
  list(@Query({ schema: pageQuery }) page: z.infer<typeof pageQuery>): Promise<Page<ApiKeyView>> {
    return this.queries.list(page);
  }

  @Post()
  @ApiOperation({ summary: 'Create an API key; the answer shows it once' })
  @ApiCreatedResponse({ standardSchema: newApiKeyView })
  create(
    @Body({ schema: apiKeyInput }) input: ApiKeyInput,
    @Req() request: FastifyRequest,
  ): Promise<NewApiKeyView> {
    return this.commands.create(input, commandContext(request));
  }

  @Delete(':apiKeyId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke an API key' })
  @ApiNoContentResponse()
  async revoke(@Param('apiKeyId') apiKeyId: string, @Req() request: FastifyRequest): Promise<void> {
    await this.commands.revoke(apiKeyId, commandContext(request));
  }
}

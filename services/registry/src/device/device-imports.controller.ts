import {
  deviceImportPage,
  deviceImportView,
  pageQuery,
  type DeviceImportView,
  type Page,
} from '@gatehouse/contracts';
import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { sendCsv } from '../api/send-csv.ts';
import { DeviceImportQueries } from './device-imports.queries.ts';

@ApiTags('devices')
@ApiBearerAuth()
@Controller('api/v1/products/:productKey/imports')
export class DeviceImportsController {
  constructor(@Inject(DeviceImportQueries) private readonly queries: DeviceImportQueries) {}

  @Get()
  @ApiOperation({ summary: 'List imports of devices, newest first, dry runs too' })
  @ApiOkResponse({ standardSchema: deviceImportPage })
  list(
    @Param('productKey') productKey: string,
    @Query({ schema: pageQuery }) page: z.infer<typeof pageQuery>,
  ): Promise<Page<DeviceImportView>> {
    return this.queries.list(productKey, page);
  }

  @Get(':importId')
  @ApiOperation({ summary: 'How far an import is, and what became of it' })
  @ApiOkResponse({ standardSchema: deviceImportView })
  get(
    @Param('productKey') productKey: string,
    @Param('importId') importId: string,
  ): Promise<DeviceImportView> {
    return this.queries.get(productKey, importId);
  }

  @Get(':importId/invalid-rows')
  @ApiOperation({
    summary: 'The rows of an import that were wrong, as CSV without passwords',
    description: 'With the header UserName,SN,Line,Field,Reason; kept for 30 days.',
  })
  @ApiProduces('text/csv')
  @ApiOkResponse({ schema: { type: 'string' } })
  async invalidRows(
    @Param('productKey') productKey: string,
    @Param('importId') importId: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { importId: found } = await this.queries.get(productKey, importId);
    await sendCsv(reply, `invalid-rows-${found}.csv`, this.queries.invalidRows(found));
  }
}

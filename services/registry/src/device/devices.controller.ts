import {
  atQuery,
  deviceCredentialsInput,
  deviceExportQuery,
  deviceHistoryPage,
  deviceImportInput,
  deviceImportQuery,
  deviceListQuery,
  deviceNowOrThen,
  devicePage,
  deviceView,
  historyQuery,
  importResult,
  type DeviceHistoryEvent,
  type DeviceStateAt,
  type DeviceView,
  type ImportResult,
  type Page,
} from '@gatehouse/contracts';
import { fieldErrorsOf, RequestInvalid } from '@gatehouse/nest';
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
  Res,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { commandContext } from '../api/api-request.ts';
import { SessionEnding } from '../live-session/session-ending.ts';
import { sendCsv } from '../api/send-csv.ts';
import { ProductQueries } from '../product/product-views.queries.ts';
import { DeviceCommands } from './device-commands.ts';
import { importRowsOfCsv, importRowsOfJson, type ImportRow } from './device-import.ts';
import { deviceExport } from './device-export.ts';
import { DeviceQueries } from './device-views.queries.ts';

/** What the validation reads too; Nest's own conversion sees only bodies that it validates. */
const IMPORT_BODY = z.toJSONSchema(deviceImportInput, { target: 'openapi-3.0', io: 'input' }) as object;

@ApiTags('devices')
@ApiBearerAuth()
@Controller('api/v1/products/:productKey/devices')
export class DevicesController {
  constructor(
    @Inject(DeviceCommands) private readonly commands: DeviceCommands,
    @Inject(DeviceQueries) private readonly queries: DeviceQueries,
    @Inject(ProductQueries) private readonly products: ProductQueries,
    @Inject(SessionEnding) private readonly sessions: SessionEnding,
  ) {}

  @Post('::import')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Import up to 10,000 devices, all or none',
    description:
      'As JSON, or as CSV with a header of UserName, Password and SN in any order. A dry run says what is wrong ' +
      'and imports nothing. GET …/imports shows how far an import is and what became of it.',
  })
  @ApiConsumes('application/json', 'text/csv')
  @ApiBody({ schema: IMPORT_BODY })
  @ApiOkResponse({ standardSchema: importResult })
  import(
    @Param('productKey') productKey: string,
    @Query({ schema: deviceImportQuery }) query: z.infer<typeof deviceImportQuery>,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<ImportResult> {
    const options = { dryRun: query.dryRun === 'true' };
    return this.commands.import(productKey, importRowsOf(body), options, commandContext(request));
  }

  @Get()
  @ApiOperation({ summary: 'List devices' })
  @ApiOkResponse({ standardSchema: devicePage })
  list(
    @Param('productKey') productKey: string,
    @Query({ schema: deviceListQuery }) query: z.infer<typeof deviceListQuery>,
  ): Promise<Page<DeviceView>> {
    return this.queries.list(productKey, query);
  }

  @Get('::export')
  @ApiOperation({
    summary: 'All devices, or those that the filters leave, as CSV without passwords',
    description: 'A stream, in the order of names, with the header UserName,SN,Status,…',
  })
  @ApiProduces('text/csv')
  @ApiOkResponse({ schema: { type: 'string' } })
  async export(
    @Param('productKey') productKey: string,
    @Query({ schema: deviceExportQuery }) filters: z.infer<typeof deviceExportQuery>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.products.get(productKey);
    await sendCsv(reply, `devices-${productKey}.csv`, deviceExport(this.queries, productKey, filters));
  }

  @Get(':deviceName')
  @ApiOperation({
    summary: 'One device',
    description: 'With `at` as it was at that instant, with who had changed it last.',
  })
  @ApiOkResponse({ standardSchema: deviceNowOrThen })
  get(
    @Param('productKey') productKey: string,
    @Param('deviceName') deviceName: string,
    @Query({ schema: atQuery }) { at }: z.infer<typeof atQuery>,
  ): Promise<DeviceView | DeviceStateAt> {
    if (at === undefined) return this.queries.get(productKey, deviceName);
    return this.queries.getAt(productKey, deviceName, new Date(at));
  }

  @Get(':deviceName/events')
  @ApiOperation({ summary: "The device's history, newest first" })
  @ApiOkResponse({ standardSchema: deviceHistoryPage })
  history(
    @Param('productKey') productKey: string,
    @Param('deviceName') deviceName: string,
    @Query({ schema: historyQuery }) page: z.infer<typeof historyQuery>,
  ): Promise<Page<DeviceHistoryEvent>> {
    return this.queries.history(productKey, deviceName, page);
  }

  @Post(':deviceName/::disable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Disable a device; its live connection ends' })
  @ApiOkResponse({ standardSchema: deviceView })
  async disable(
    @Param('productKey') productKey: string,
    @Param('deviceName') deviceName: string,
    @Req() request: FastifyRequest,
  ): Promise<DeviceView> {
    const device = await this.commands.disable(productKey, deviceName, commandContext(request));
    this.sessions.endNow({ productKey, deviceName, reason: 'device-disabled' });
    return device;
  }

  @Post(':deviceName/::enable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Enable a device' })
  @ApiOkResponse({ standardSchema: deviceView })
  enable(
    @Param('productKey') productKey: string,
    @Param('deviceName') deviceName: string,
    @Req() request: FastifyRequest,
  ): Promise<DeviceView> {
    return this.commands.enable(productKey, deviceName, commandContext(request));
  }

  @Delete(':deviceName')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a device; its live connection ends' })
  @ApiNoContentResponse()
  async delete(
    @Param('productKey') productKey: string,
    @Param('deviceName') deviceName: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.commands.delete(productKey, deviceName, commandContext(request));
    this.sessions.endNow({ productKey, deviceName, reason: 'device-deleted' });
  }

  @Put(':deviceName/credentials')
  @ApiOperation({ summary: 'Give a device a new password; its live connection ends' })
  @ApiOkResponse({ standardSchema: deviceView })
  async replaceCredentials(
    @Param('productKey') productKey: string,
    @Param('deviceName') deviceName: string,
    @Body({ schema: deviceCredentialsInput }) input: z.infer<typeof deviceCredentialsInput>,
    @Req() request: FastifyRequest,
  ): Promise<DeviceView> {
    const { password } = input;
    const { device, isRepeated } = await this.commands.replaceCredentials(
      productKey,
      deviceName,
      password,
      commandContext(request),
    );
    if (!isRepeated) {
      this.sessions.endNow({ productKey, deviceName, reason: 'credentials-changed' });
    }
    return device;
  }
}

/** CSV arrives as text, JSON as a value: the entrance lets nothing else through. */
function importRowsOf(body: unknown): ImportRow[] {
  if (typeof body === 'string') return importRowsOfCsv(body);
  const input = deviceImportInput.safeParse(body);
  if (input.success) return importRowsOfJson(input.data);
  throw new RequestInvalid(fieldErrorsOf(input.error.issues));
}

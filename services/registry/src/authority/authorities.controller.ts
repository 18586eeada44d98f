import {
  authorityInput,
  authorityPage,
  authorityView,
  certificateRequestInput,
  issuedCertificatePage,
  issuedCertificateView,
  pageQuery,
  revocationInput,
  type AuthorityInput,
  type AuthorityView,
  type CertificateRequestInput,
  type IssuedCertificateView,
  type Page,
  type RevocationInput,
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
import { IssuedCertificateCommands } from '../issued-certificate/issued-certificate-commands.ts';
import { IssuedCertificateQueries } from '../issued-certificate/issued-certificate-views.queries.ts';
import { AuthorityCommands } from './authority-commands.ts';
import { AuthorityQueries } from './authority-views.queries.ts';

@ApiTags('authorities')
@ApiBearerAuth()
@Controller('api/v1/authorities')
export class AuthoritiesController {
  constructor(
    @Inject(AuthorityCommands) private readonly commands: AuthorityCommands,
    @Inject(AuthorityQueries) private readonly queries: AuthorityQueries,
    @Inject(IssuedCertificateCommands) private readonly issuing: IssuedCertificateCommands,
    @Inject(IssuedCertificateQueries) private readonly issued: IssuedCertificateQueries,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a certification authority of your own; its key stays sealed here' })
  @ApiCreatedResponse({ standardSchema: authorityView })
  create(
    @Body({ schema: authorityInput }) input: AuthorityInput,
    @Req() request: FastifyRequest,
  ): Promise<AuthorityView> {
    return this.commands.create(input, commandContext(request));
  }

  @Get()
  @ApiOperation({ summary: 'List authorities' })
  @ApiOkResponse({ standardSchema: authorityPage })
  list(@Query({ schema: pageQuery }) page: z.infer<typeof pageQuery>): Promise<Page<AuthorityView>> {
    return this.queries.list(page);
  }

  @Get(':authorityId')
  @ApiOperation({ summary: 'One authority, with its certificate' })
  @ApiOkResponse({ standardSchema: authorityView })
  get(@Param('authorityId') authorityId: string): Promise<AuthorityView> {
    return this.queries.get(authorityId);
  }

  @Delete(':authorityId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete an authority and all that it issued; refused while it is a device root' })
  @ApiNoContentResponse()
  async delete(@Param('authorityId') authorityId: string, @Req() request: FastifyRequest): Promise<void> {
    await this.commands.delete(authorityId, commandContext(request));
  }

  @Post(':authorityId/certificates')
  @ApiOperation({ summary: 'Have a certificate signing request signed' })
  @ApiCreatedResponse({ standardSchema: issuedCertificateView })
  issue(
    @Param('authorityId') authorityId: string,
    @Body({ schema: certificateRequestInput }) input: CertificateRequestInput,
    @Req() request: FastifyRequest,
  ): Promise<IssuedCertificateView> {
    return this.issuing.issue(authorityId, input, commandContext(request));
  }

  @Get(':authorityId/certificates')
  @ApiOperation({ summary: 'List what an authority has issued' })
  @ApiOkResponse({ standardSchema: issuedCertificatePage })
  listCertificates(
    @Param('authorityId') authorityId: string,
    @Query({ schema: pageQuery }) page: z.infer<typeof pageQuery>,
  ): Promise<Page<IssuedCertificateView>> {
    return this.issued.list(authorityId, page);
  }

  @Get(':authorityId/certificates/:serialNumber')
  @ApiOperation({ summary: 'One certificate that an authority has issued' })
  @ApiOkResponse({ standardSchema: issuedCertificateView })
  getCertificate(
    @Param('authorityId') authorityId: string,
    @Param('serialNumber') serialNumber: string,
  ): Promise<IssuedCertificateView> {
    return this.issued.get(authorityId, serialNumber);
  }

  @Post(':authorityId/certificates/:serialNumber/::revoke')
  @HttpCode(200)
  @ApiOperation({ summary: 'Revoke a certificate for good' })
  @ApiOkResponse({ standardSchema: issuedCertificateView })
  revoke(
    @Param('authorityId') authorityId: string,
    @Param('serialNumber') serialNumber: string,
    @Body({ schema: revocationInput }) { reason }: RevocationInput,
    @Req() request: FastifyRequest,
  ): Promise<IssuedCertificateView> {
    return this.issuing.revoke(authorityId, serialNumber, { reason, context: commandContext(request) });
  }
}

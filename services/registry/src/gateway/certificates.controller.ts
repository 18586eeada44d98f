import {
  certificatesCheckInput,
  certificatesCheckResult,
  gatewayCertificatesView,
  type CertificatesCheckInput,
  type CertificatesCheckResult,
  type GatewayCertificatesView,
} from '@gatehouse/contracts';
import { Body, Controller, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { commandContext } from '../api/api-request.ts';
import { expectedVersions, IF_MATCH, tagged } from '../api/if-match.ts';
import { CertificateCommands } from './certificate-commands.ts';
import { CertificatesCheck } from './certificates-check.ts';

@ApiTags('gateways')
@ApiBearerAuth()
@Controller('api/v1/gateways')
export class CertificatesController {
  constructor(
    @Inject(CertificatesCheck) private readonly certificates: CertificatesCheck,
    @Inject(CertificateCommands) private readonly commands: CertificateCommands,
  ) {}

  @Post(':gatewayId/certificates/::check')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Check certificates and keys without using them',
    description:
      'Says everything that an upload would be refused for, what may surprise, and what the chains are, in the ' +
      'right order. Nothing is stored.',
  })
  @ApiOkResponse({ standardSchema: certificatesCheckResult })
  check(
    @Param('gatewayId') gatewayId: string,
    @Body({ schema: certificatesCheckInput }) input: CertificatesCheckInput,
  ): Promise<CertificatesCheckResult> {
    return this.certificates.check(gatewayId, input);
  }

  @Post(':gatewayId/certificates/::rollback')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Go back to the server chains before; live connections stay',
    description:
      'Those that were in force are forgotten with their keys; called again, it goes one further back. Up to ' +
      'three generations before the one in force are kept.',
  })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ standardSchema: gatewayCertificatesView })
  async rollBack(
    @Param('gatewayId') gatewayId: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GatewayCertificatesView> {
    const options = { expectedVersions: expectedVersions(request) };
    return tagged(reply, await this.commands.rollBack(gatewayId, commandContext(request), options));
  }
}

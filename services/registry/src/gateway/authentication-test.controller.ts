import {
  authenticationTestInput,
  authenticationTestResult,
  type AuthenticationTestInput,
  type AuthenticationTestResult,
} from '@gatehouse/contracts';
import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AuthenticationTest } from './authentication-test.ts';

@ApiTags('gateways')
@ApiBearerAuth()
@Controller('api/v1/gateways')
export class AuthenticationTestController {
  constructor(@Inject(AuthenticationTest) private readonly test: AuthenticationTest) {}

  @Post(':gatewayId/::test-authentication')
  @HttpCode(200)
  @ApiOperation({
    summary: "Call the gateway's authenticator once, as if a device connected",
    description:
      'Says what was sent, secrets masked, what came back and how long it took. Nothing is taken from a ' +
      'cache or put into one, and no device is made.',
  })
  @ApiOkResponse({ standardSchema: authenticationTestResult })
  testAuthentication(
    @Param('gatewayId') gatewayId: string,
    @Body({ schema: authenticationTestInput }) input: AuthenticationTestInput,
  ): Promise<AuthenticationTestResult> {
    return this.test.run(gatewayId, input);
  }
}

import { testAuthentication, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { TestAuthentication } from './test-authentication.ts';

/** Answers `auth.v1.test-authentication`. */
@Controller()
export class TestAuthenticationController {
  constructor(@Inject(TestAuthentication) private readonly trial: TestAuthentication) {}

  @Serves(testAuthentication)
  test(request: RequestOf<typeof testAuthentication>): Promise<ReplyOf<typeof testAuthentication>> {
    return this.trial.test(request);
  }
}

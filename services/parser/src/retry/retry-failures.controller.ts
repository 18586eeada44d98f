import { retryFailures, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { FailureRetries } from './failure-retries.ts';

/** Answers `parser.v1.retry-failures`. */
@Controller()
export class RetryFailuresController {
  constructor(@Inject(FailureRetries) private readonly retries: FailureRetries) {}

  @Serves(retryFailures)
  retry(request: RequestOf<typeof retryFailures>): Promise<ReplyOf<typeof retryFailures>> {
    return this.retries.retry(request);
  }
}

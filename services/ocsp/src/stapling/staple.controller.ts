import { certificateStaple, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { Staples } from './staples.ts';

/** Answers `ocsp.v1.staple`. */
@Controller()
export class StapleController {
  constructor(@Inject(Staples) private readonly staples: Staples) {}

  @Serves(certificateStaple)
  staple(request: RequestOf<typeof certificateStaple>): Promise<ReplyOf<typeof certificateStaple>> {
    return this.staples.staple(request);
  }
}

import { certificateStaple, type ReplyOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller } from '@nestjs/common';

/** Answers `ocsp.v1.staple`: handshakes go on without a staple. */
@Controller()
export class StapleController {
  @Serves(certificateStaple)
  staple(): ReplyOf<typeof certificateStaple> {
    const askAgainAt = new Date(Date.now() + 60_000).toISOString();
    return { outcome: 'none', reason: 'this version asks no OCSP responder', askAgainAt };
  }
}

import { certificateStatus, type ReplyOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller } from '@nestjs/common';

/** Answers `ocsp.v1.status`. No responder is asked yet, so the honest verdict on every certificate is `unknown`. */
@Controller()
export class CertificateStatusController {
  @Serves(certificateStatus)
  status(): ReplyOf<typeof certificateStatus> {
    const validUntil = new Date(Date.now() + 60_000).toISOString();
    return { status: 'unknown', reason: 'this version asks no OCSP responder', validUntil };
  }
}

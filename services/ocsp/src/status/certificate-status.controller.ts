import { certificateStatus, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { JudgeChain } from './judge-chain.ts';

/** Answers `ocsp.v1.status`. */
@Controller()
export class CertificateStatusController {
  constructor(@Inject(JudgeChain) private readonly judgeChain: JudgeChain) {}

  @Serves(certificateStatus)
  status(request: RequestOf<typeof certificateStatus>): Promise<ReplyOf<typeof certificateStatus>> {
    return this.judgeChain.judge(request);
  }
}

import type { CertificateStatus, certificateStatus, RequestOf } from '@gatehouse/contracts';
import { secondsAfter } from '../lifetime/answer-lifetime.ts';
import type { OcspConfig } from '../ocsp.config.ts';
import type { OcspMetrics } from '../observability/ocsp-metrics.ts';
import type { CertificateVerdicts } from './certificate-verdicts.ts';
import { checkedCertificates } from './checked-certificate.ts';
import { chainVerdict, statusReply, type Verdict } from './verdict.ts';

/** Answers `ocsp.v1.status`: the certificates of a chain are asked for at the same time. */
export class JudgeChain {
  constructor(
    private readonly verdicts: CertificateVerdicts,
    private readonly config: OcspConfig,
    private readonly metrics: OcspMetrics,
  ) {}

  /** @throws {ChainUnreadable} */
  async judge(question: RequestOf<typeof certificateStatus>): Promise<CertificateStatus> {
    const verdict = await this.#verdictOn(question);
    this.metrics.verdicts.add(verdict.status);
    return statusReply(verdict);
  }

  async #verdictOn(question: RequestOf<typeof certificateStatus>): Promise<Verdict> {
    const [leaf, ...above] = checkedCertificates(question);
    if (leaf === undefined) {
      return {
        status: 'unknown',
        reason: 'the chain does not hold the certificate that issued the first one',
        validUntil: secondsAfter(new Date(), this.config.GATEHOUSE_OCSP_MAX_SECONDS),
      };
    }
    const [first, ...rest] = await Promise.all([
      this.verdicts.of(leaf),
      ...above.map((checked) => this.verdicts.of(checked)),
    ]);
    return chainVerdict([first, ...rest]);
  }
}

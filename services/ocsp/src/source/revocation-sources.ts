import { reasonOf } from '@gatehouse/observability';
import { certificateExtensions } from '@gatehouse/pki';
import type { CheckedCertificate } from '../status/checked-certificate.ts';
import { isIssuedBy } from '../status/checked-certificate.ts';
import type { AnswerSource } from '../status/verdict.ts';
import type { Deadline } from './deadline.ts';
import type { OcspResponders } from './ocsp-responders.ts';
import type { RevocationAnswer } from './revocation-answer.ts';
import type { RevocationLists } from './revocation-lists.ts';

export type Finding =
  | {
      readonly outcome: 'found';
      readonly answer: RevocationAnswer;
      readonly source: AnswerSource;
      readonly receivedAt: Date;
    }
  /** `isFinal`: asking again soon changes nothing. */
  | { readonly outcome: 'none'; readonly reason: string; readonly isFinal: boolean };

/** Of each kind; certificates name one or two. */
const MAX_URLS = 3;

/**
 * Asks whoever a certificate names, one after the other: OCSP responders (RFC 6960 §3.1), then CRLs (RFC 5280
 * §4.2.1.13) when no responder gives an answer that can be used.
 */
export class RevocationSources {
  constructor(
    private readonly responders: OcspResponders,
    private readonly lists: RevocationLists,
  ) {}

  async find(checked: CheckedCertificate, deadline: Deadline): Promise<Finding> {
    let urls: ReturnType<typeof certificateExtensions>;
    try {
      urls = certificateExtensions(checked.certificate);
    } catch (error) {
      return { outcome: 'none', reason: reasonOf(error), isFinal: true };
    }
    if (urls.ocspUrls.length + urls.crlUrls.length === 0) {
      const reason = `the certificate ${checked.serialNumber} names no OCSP responder and no CRL`;
      return { outcome: 'none', reason, isFinal: true };
    }
    if (!isIssuedBy(checked.certificate, checked.issuer)) {
      const reason = 'the certificate was not issued by the one that follows it in the chain';
      return { outcome: 'none', reason, isFinal: true };
    }
    return this.#askInTurn(checked, urls, deadline);
  }

  async #askInTurn(
    checked: CheckedCertificate,
    { ocspUrls, crlUrls }: { readonly ocspUrls: readonly string[]; readonly crlUrls: readonly string[] },
    deadline: Deadline,
  ): Promise<Finding> {
    const asked: { source: AnswerSource; ask: () => Promise<RevocationAnswer> }[] = [
      ...ocspUrls
        .slice(0, MAX_URLS)
        .map((url) => ({ source: 'ocsp' as const, ask: () => this.responders.find(url, checked, deadline) })),
      ...crlUrls
        .slice(0, MAX_URLS)
        .map((url) => ({ source: 'crl' as const, ask: () => this.lists.find(url, checked, deadline) })),
    ];
    const reasons: string[] = [];
    for (const { source, ask } of asked) {
      try {
        const answer = await ask();
        return { outcome: 'found', answer, source, receivedAt: new Date() };
      } catch (error) {
        reasons.push(reasonOf(error));
      }
    }
    return { outcome: 'none', reason: reasons.join('; '), isFinal: false };
  }
}

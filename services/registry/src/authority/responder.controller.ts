import {
  answerOcspRequest,
  getCertificateRevocationList,
  type ReplyOf,
  type RequestOf,
} from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { OcspAnswers } from './ocsp-answers.ts';
import { RevocationLists } from './revocation-lists.ts';

/** Answers `registry.v1.answer-ocsp-request` and `registry.v1.get-crl`, for who serves them to the world. */
@Controller()
export class ResponderController {
  constructor(
    @Inject(OcspAnswers) private readonly answers: OcspAnswers,
    @Inject(RevocationLists) private readonly lists: RevocationLists,
  ) {}

  @Serves(answerOcspRequest)
  answer({
    authorityId,
    request,
  }: RequestOf<typeof answerOcspRequest>): Promise<ReplyOf<typeof answerOcspRequest>> {
    return this.answers.answer(authorityId, Buffer.from(request, 'base64'));
  }

  @Serves(getCertificateRevocationList)
  list({
    authorityId,
  }: RequestOf<typeof getCertificateRevocationList>): Promise<ReplyOf<typeof getCertificateRevocationList>> {
    return this.lists.current(authorityId);
  }
}

import { findCredential, type ReplyOf, type RequestOf } from '@gatehouse/contracts';
import { Serves } from '@gatehouse/nest';
import { Controller, Inject } from '@nestjs/common';
import { CredentialQueries } from './credentials.queries.ts';

/** Answers `registry.v1.find-credential`, for auth only. */
@Controller()
export class CredentialsController {
  constructor(@Inject(CredentialQueries) private readonly queries: CredentialQueries) {}

  @Serves(findCredential)
  find({ gatewayId, username }: RequestOf<typeof findCredential>): Promise<ReplyOf<typeof findCredential>> {
    return this.queries.find(gatewayId, username);
  }
}

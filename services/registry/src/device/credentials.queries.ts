import type { findCredential, ReplyOf } from '@gatehouse/contracts';

export class CredentialQueries {
  async find(gatewayId: string, username: string): Promise<ReplyOf<typeof findCredential>> {
    throw new Error(`${gatewayId} ${username}`);
  }
}

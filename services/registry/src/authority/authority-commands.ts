import { X509Certificate } from 'node:crypto';
import { authorityView, type AuthorityInput, type AuthorityView } from '@gatehouse/contracts';
import { fold } from '@gatehouse/decider';
import type { RecordedEvent } from '@gatehouse/event-store';
import { sql } from 'kysely';
import { z } from 'zod';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandTransactions } from '../commands/command-transactions.ts';
import { readStream } from '../event-log/read-events.ts';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { authorityStream } from '../stream-names.ts';
import { newAuthorityId } from './authority-identity.ts';
import type { AuthoritySecrets } from './authority-secrets.ts';
import { newAuthority } from './authority-signing.ts';
import type { AuthorityQueries } from './authority-views.queries.ts';
import { authorityDecider } from './authority.decider.ts';
import { authorityEvent, type AuthorityEvent } from './authority.events.ts';

/** Creates and deletes authorities of one's own. */
export class AuthorityCommands {
  constructor(
    private readonly transactions: CommandTransactions,
    private readonly queries: AuthorityQueries,
    private readonly secrets: AuthoritySecrets,
    private readonly clock: () => Date,
  ) {}

  async create(input: AuthorityInput, context: CommandContext): Promise<AuthorityView> {
    const description = { name: 'CreateAuthority', input, answer: authorityView };
    return this.transactions.run(description, context, async (attempt) => {
      const authorityId = newAuthorityId();
      const { certificate, key } = newAuthority(input.commonName, input.days, this.clock());
      const events = authorityDecider.decide(
        {
          type: 'CreateAuthority',
          authorityId,
          commonName: input.commonName,
          certificate: certificate.toString(),
          notAfter: certificate.validToDate.toISOString(),
        },
        authorityDecider.initialState,
      );
      await attempt.append({ streamId: authorityStream(authorityId), expectedVersion: 0, events });
      await this.secrets.keep(attempt.db, authorityId, key);
      return this.queries.get(authorityId, attempt.db);
    });
  }

  /** All that it issued is forgotten with it. @throws {AuthorityNotFound | AuthorityInUse} */
  async delete(authorityId: string, context: CommandContext): Promise<void> {
    const streamId = authorityStream(authorityId);
    const description = { name: 'DeleteAuthority', input: { authorityId }, answer: z.null() };
    await this.transactions.run(description, context, async (attempt) => {
      const history = (await readStream(attempt.db, streamId)).map(eventOf);
      const gatewayIds = await gatewaysThatTrust(attempt.db, authorityId);
      const events = authorityDecider.decide(
        { type: 'DeleteAuthority', authorityId, gatewayIds },
        fold(authorityDecider, history),
      );
      await attempt.append({ streamId, expectedVersion: history.length, events });
      await this.secrets.forget(attempt.db, authorityId);
      await attempt.db
        .deleteFrom('authority_revocation_list')
        .where('authority_id', '=', authorityId)
        .execute();
      return null;
    });
  }
}

/** Switched on or not: a root that is switched off can be switched on again. */
async function gatewaysThatTrust(db: RegistryTransaction, authorityId: string): Promise<string[]> {
  const row = await db
    .selectFrom('authority_view')
    .select('certificate')
    .where('authority_id', '=', authorityId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) return [];
  const fingerprint = new X509Certificate(row.certificate).fingerprint256.replaceAll(':', '').toLowerCase();
  const trusting = await db
    .selectFrom('gateway_view')
    .select('gateway_id')
    .where(sql<boolean>`device_roots @> ${JSON.stringify([{ fingerprint }])}::jsonb`)
    .orderBy('gateway_id')
    .limit(10)
    .execute();
  return trusting.map(({ gateway_id }) => gateway_id);
}

const eventOf = ({ type, data }: RecordedEvent): AuthorityEvent => authorityEvent.parse({ type, data });

import { randomBytes } from 'node:crypto';
import type { ApiKeyInput, NewApiKeyView } from '@gatehouse/contracts';
import { fold } from '@gatehouse/decider';
import { violatedConstraint, type RecordedEvent } from '@gatehouse/event-store';
import { z } from 'zod';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandTransactions } from '../commands/command-transactions.ts';
import { readStream } from '../event-log/read-events.ts';
import type { RegistryTransaction } from '../schema/registry-database.ts';
import { operatorStream } from '../stream-names.ts';
import type { ApiKeyAuthentication } from './api-key-authentication.ts';
import { apiKeyHash, newApiKey } from './api-key-secret.ts';
import { apiKeyDecider } from './api-key.decider.ts';
import { apiKeyEvent, type ApiKeyEvent } from './api-key.events.ts';
import { ApiKeyNameTaken, ApiKeyShownAlready } from './operator.failures.ts';

const ID_BYTES = 8;

/** What is kept of a created key under its Idempotency-Key: all but the secret. */
const createdApiKey = z.strictObject({ apiKeyId: z.string(), createdAt: z.iso.datetime() });

/** Gives out and takes back API keys. */
export class ApiKeyCommands {
  constructor(
    private readonly transactions: CommandTransactions,
    private readonly authentication: ApiKeyAuthentication,
  ) {}

  /**
   * The answer is the only place where the key itself ever stands; so a request that is repeated under its
   * Idempotency-Key makes no second key, and is told of the first.
   *
   * @throws {ApiKeyNameTaken | ApiKeyShownAlready}
   */
  async create(input: ApiKeyInput, context: CommandContext): Promise<NewApiKeyView> {
    const { name, role } = input;
    const { actor } = context;
    const apiKeyId = randomBytes(ID_BYTES).toString('hex');
    const key = newApiKey();
    const events = apiKeyDecider.decide(
      { type: 'CreateApiKey', apiKeyId, name, role },
      apiKeyDecider.initialState,
    );
    try {
      const description = { name: 'CreateApiKey', input, answer: createdApiKey };
      const created = await this.transactions.run(description, context, async (attempt) => {
        await refuseTakenName(attempt.db, name);
        await attempt.append({ streamId: operatorStream(apiKeyId), expectedVersion: 0, events });
        const row = await attempt.db
          .insertInto('api_key')
          .values({ api_key_id: apiKeyId, name, role, hash: apiKeyHash(key), created_by: actor })
          .returning('created_at')
          .executeTakeFirstOrThrow();
        return { apiKeyId, createdAt: row.created_at.toISOString() };
      });
      if (created.apiKeyId !== apiKeyId) throw new ApiKeyShownAlready(created.apiKeyId);
      return { ...created, name, role, createdBy: actor, key };
    } catch (error) {
      if (violatedConstraint(error) === 'api_key_name') throw new ApiKeyNameTaken(name);
      throw error;
    }
  }

  /** Revoking a revoked key changes nothing. @throws {ApiKeyNotFound} */
  async revoke(apiKeyId: string, context: CommandContext): Promise<void> {
    const streamId = operatorStream(apiKeyId);
    const description = { name: 'RevokeApiKey', input: { apiKeyId }, answer: z.null() };
    await this.transactions.run(description, context, async (attempt) => {
      const history = (await readStream(attempt.db, streamId)).map(eventOf);
      const events = apiKeyDecider.decide({ type: 'RevokeApiKey', apiKeyId }, fold(apiKeyDecider, history));
      await attempt.append({ streamId, expectedVersion: history.length, events });
      await attempt.db.deleteFrom('api_key').where('api_key_id', '=', apiKeyId).execute();
      return null;
    });
    this.authentication.forget();
  }
}

/** Two at once are told apart by the constraint; this spares PostgreSQL's log an error for each name that is taken. */
async function refuseTakenName(db: RegistryTransaction, name: string): Promise<void> {
  const taken = await db
    .selectFrom('api_key')
    .select('api_key_id')
    .where('name', '=', name)
    .executeTakeFirst();
  if (taken !== undefined) throw new ApiKeyNameTaken(name);
}

const eventOf = ({ type, data }: RecordedEvent): ApiKeyEvent => apiKeyEvent.parse({ type, data });

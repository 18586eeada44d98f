import { randomBytes } from 'node:crypto';
import type { ApiKeyInput, NewApiKeyView } from '@gatehouse/contracts';
import { fold } from '@gatehouse/decider';
import { violatedConstraint, type RecordedEvent } from '@gatehouse/event-store';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandTransactions } from '../commands/command-transactions.ts';
import { readStream } from '../event-log/read-events.ts';
import { operatorStream } from '../stream-names.ts';
import type { ApiKeyAuthentication } from './api-key-authentication.ts';
import { apiKeyHash, newApiKey } from './api-key-secret.ts';
import { apiKeyDecider } from './api-key.decider.ts';
import { apiKeyEvent, type ApiKeyEvent } from './api-key.events.ts';
import { ApiKeyNameTaken } from './operator.failures.ts';

const ID_BYTES = 8;

/** Gives out and takes back API keys. */
export class ApiKeyCommands {
  constructor(
    private readonly transactions: CommandTransactions,
    private readonly authentication: ApiKeyAuthentication,
  ) {}

  /**
   * The answer is the only place where the key itself ever stands; so it is not kept for a repeated
   * Idempotency-Key either.
   *
   * @throws {ApiKeyNameTaken}
   */
  async create({ name, role }: ApiKeyInput, { actor }: CommandContext): Promise<NewApiKeyView> {
    const apiKeyId = randomBytes(ID_BYTES).toString('hex');
    const key = newApiKey();
    const events = apiKeyDecider.decide(
      { type: 'CreateApiKey', apiKeyId, name, role },
      apiKeyDecider.initialState,
    );
    try {
      const createdAt = await this.transactions.transact(actor, async (attempt) => {
        await attempt.append({ streamId: operatorStream(apiKeyId), expectedVersion: 0, events });
        const row = await attempt.db
          .insertInto('api_key')
          .values({ api_key_id: apiKeyId, name, role, hash: apiKeyHash(key), created_by: actor })
          .returning('created_at')
          .executeTakeFirstOrThrow();
        return row.created_at.toISOString();
      });
      return { apiKeyId, name, role, createdAt, createdBy: actor, key };
    } catch (error) {
      if (violatedConstraint(error) === 'api_key_name') throw new ApiKeyNameTaken(name);
      throw error;
    }
  }

  /** Revoking a revoked key changes nothing. @throws {ApiKeyNotFound} */
  async revoke(apiKeyId: string, { actor }: CommandContext): Promise<void> {
    const streamId = operatorStream(apiKeyId);
    await this.transactions.transact(actor, async (attempt) => {
      const history = (await readStream(attempt.db, streamId)).map(eventOf);
      const events = apiKeyDecider.decide({ type: 'RevokeApiKey', apiKeyId }, fold(apiKeyDecider, history));
      await attempt.append({ streamId, expectedVersion: history.length, events });
      await attempt.db.deleteFrom('api_key').where('api_key_id', '=', apiKeyId).execute();
    });
    this.authentication.forget();
  }
}

const eventOf = ({ type, data }: RecordedEvent): ApiKeyEvent => apiKeyEvent.parse({ type, data });

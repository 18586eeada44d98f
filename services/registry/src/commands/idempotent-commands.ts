import { sql } from 'kysely';
import type { RegistryDb, RegistryTransaction } from '../schema/registry-database.ts';
import { IdempotencyKeyReused } from './command.failures.ts';

export interface IdempotentCommand {
  readonly actor: string;
  readonly key: string;
  readonly hash: string;
  /** Whether the hash that an earlier command left is that of this one. */
  readonly isSameAs: (hash: string) => boolean;
}

/** Longer than any client repeats itself. */
const KEPT_HOURS = 24;

/**
 * Takes the key for this transaction. A second command with it waits until the first one's transaction ends.
 *
 * @returns the answer that the command had before; undefined when it is new
 * @throws {IdempotencyKeyReused} when the key belongs to another command
 */
export async function claimIdempotencyKey(
  transaction: RegistryTransaction,
  command: IdempotentCommand,
): Promise<{ readonly answer: unknown } | undefined> {
  const { actor, key, hash } = command;
  await transaction
    .deleteFrom('idempotent_command')
    .where('created_at', '<', sql<Date>`now() - make_interval(hours => ${KEPT_HOURS})`)
    .execute();
  const claimed = await transaction
    .insertInto('idempotent_command')
    .values({ actor, key, command_hash: hash, answer: null })
    .onConflict((conflict) => conflict.columns(['actor', 'key']).doNothing())
    .executeTakeFirst();
  if (claimed.numInsertedOrUpdatedRows === 1n) return undefined;
  return findAnswer(transaction, command);
}

/**
 * The answer that a command had before; undefined when it is new.
 *
 * @throws {IdempotencyKeyReused} when the key belongs to another command
 */
export async function findAnswer(
  db: RegistryDb,
  { actor, key, isSameAs }: IdempotentCommand,
): Promise<{ readonly answer: unknown } | undefined> {
  const earlier = await db
    .selectFrom('idempotent_command')
    .select(['command_hash', 'answer'])
    .where('actor', '=', actor)
    .where('key', '=', key)
    .executeTakeFirst();
  if (earlier === undefined) return undefined;
  if (!isSameAs(earlier.command_hash)) throw new IdempotencyKeyReused(key);
  return { answer: earlier.answer };
}

export async function keepAnswer(
  transaction: RegistryTransaction,
  { actor, key }: IdempotentCommand,
  answer: unknown,
): Promise<void> {
  await transaction
    .updateTable('idempotent_command')
    .set({ answer: JSON.stringify(answer ?? null) })
    .where('actor', '=', actor)
    .where('key', '=', key)
    .execute();
}

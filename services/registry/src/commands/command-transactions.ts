import {
  appendNewStreams,
  appendToStreams,
  isWorthRetrying,
  StreamVersionConflict,
  type AppendAnnouncer,
  type EventMetadata,
  type NewStream,
  type NewEvent,
  type RecordedEvent,
  type StreamAppend,
} from '@gatehouse/event-store';
import type { z } from 'zod';
import type { RegistryDb, RegistryTransaction } from '../schema/registry-database.ts';
import type { SecretSealer } from '../secrets/sealed-secret.ts';
import { registryUpcasters } from '../event-log/registry-upcasters.ts';
import { applyToViews } from '../views/registry-views.projection.ts';
import type { CommandContext } from './command-context.ts';
import {
  claimIdempotencyKey,
  findAnswer,
  keepAnswer,
  type IdempotentCommand,
} from './idempotent-commands.ts';
import { activeTraceparent } from './traceparent.ts';

const ATTEMPTS = 5;
const RETRY_AFTER_MS = 5;

/** What makes two commands the same, and what an earlier answer looks like. */
export interface CommandDescription<Answer extends z.ZodType> {
  readonly name: string;
  readonly input: unknown;
  readonly answer: Answer;
}

/** One attempt at a command. What it appends and writes is committed together, or not at all. */
export interface CommandAttempt {
  readonly db: RegistryTransaction;
  /** Appends, and brings the views up to date. */
  append(...appends: readonly Omit<StreamAppend, 'metadata'>[]): Promise<RecordedEvent[]>;
  /** Begins many streams at once. Whoever calls it brings the views up to date. */
  beginStreams(streams: readonly NewStream[]): Promise<void>;
}

/** Runs commands: a transaction each, repeated on conflict, answered once per Idempotency-Key. */
export class CommandTransactions {
  constructor(
    private readonly db: RegistryDb,
    private readonly announcer: AppendAnnouncer,
    private readonly sealer: SecretSealer,
  ) {}

  /** @throws {StreamVersionConflict} when others were faster five times */
  async run<Answer extends z.ZodType>(
    description: CommandDescription<Answer>,
    context: CommandContext,
    work: (attempt: CommandAttempt) => Promise<z.infer<Answer>>,
  ): Promise<z.infer<Answer>> {
    const idempotent = this.#idempotent(description, context);
    return this.transact(context.actor, async (attempt) => {
      if (idempotent === undefined) return work(attempt);
      const earlier = await claimIdempotencyKey(attempt.db, idempotent);
      if (earlier !== undefined) return description.answer.parse(earlier.answer);
      const answer = await work(attempt);
      await keepAnswer(attempt.db, idempotent, answer);
      return answer;
    });
  }

  /** What the command was answered with under its Idempotency-Key before; for work that should not be done twice. */
  async earlierAnswer<Answer extends z.ZodType>(
    description: CommandDescription<Answer>,
    context: CommandContext,
  ): Promise<z.infer<Answer> | undefined> {
    const idempotent = this.#idempotent(description, context);
    if (idempotent === undefined) return undefined;
    const earlier = await findAnswer(this.db, idempotent);
    return earlier === undefined ? undefined : description.answer.parse(earlier.answer);
  }

  /**
   * For work that is not done in PostgreSQL. Its answer is kept under the Idempotency-Key once it is done: the same
   * command later is answered with it, the same command meanwhile is done too.
   *
   * @throws {IdempotencyKeyReused} and what `work` throws
   */
  async runElsewhere<Answer extends z.ZodType>(
    description: CommandDescription<Answer>,
    context: CommandContext,
    work: () => Promise<z.infer<Answer>>,
  ): Promise<z.infer<Answer>> {
    const earlier = await this.earlierAnswer(description, context);
    if (earlier !== undefined) return earlier;
    const answer = await work();
    if (context.idempotencyKey === undefined) return answer;
    return this.run(description, context, () => Promise.resolve(answer));
  }

  /** Without an Idempotency-Key: for facts that carry their own identity. */
  async transact<Answer>(actor: string, work: (attempt: CommandAttempt) => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(actor, work);
      } catch (error) {
        const isConflict = error instanceof StreamVersionConflict || isWorthRetrying(error);
        if (!isConflict || attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => {
          setTimeout(resolve, Math.random() * RETRY_AFTER_MS * 2 ** attempt);
        });
      }
    }
  }

  async #attempt<Answer>(actor: string, work: (attempt: CommandAttempt) => Promise<Answer>): Promise<Answer> {
    const traceparent = activeTraceparent();
    const metadata: EventMetadata = traceparent === undefined ? { actor } : { actor, traceparent };
    let hasAppended = false;
    const answer = await this.db.transaction().execute((db) =>
      work({
        db,
        append: async (...appends) => {
          const recorded = await appendToStreams(
            db,
            appends.map((append) => ({ ...append, events: append.events.map(inNewestVersion), metadata })),
          );
          await applyToViews(db, recorded);
          hasAppended ||= recorded.length > 0;
          return recorded;
        },
        beginStreams: async (streams) => {
          const newest = streams.map(({ streamId, event }) => ({ streamId, event: inNewestVersion(event) }));
          await appendNewStreams(db, newest, metadata);
          hasAppended ||= streams.length > 0;
        },
      }),
    );
    if (hasAppended) this.announcer.announce();
    return answer;
  }

  #idempotent(
    { name, input }: CommandDescription<z.ZodType>,
    { actor, idempotencyKey }: CommandContext,
  ): IdempotentCommand | undefined {
    if (idempotencyKey === undefined) return undefined;
    const text = JSON.stringify([name, input]);
    return {
      actor,
      key: idempotencyKey,
      hash: this.sealer.fingerprint(text),
      isSameAs: (hash) => this.sealer.isFingerprintOf(hash, text),
    };
  }
}

const inNewestVersion = (event: NewEvent): NewEvent => ({
  ...event,
  schemaVersion: registryUpcasters.newestVersion(event.type),
});

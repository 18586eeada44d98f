import {
  PARSING_FAILURES_STREAM,
  deletedParsingFailures,
  parsingFailureFilter,
  parsingRetryResult,
  retryFailures,
  type DeletedParsingFailures,
  type Page,
  type ParsingFailureSelection,
  type ParsingFailureView,
  type ParsingRetryInput,
  type ParsingRetryResult,
} from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import { RequestInvalid } from '@gatehouse/nest';
import type { NatsConnection } from '@nats-io/transport-node';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandTransactions } from '../commands/command-transactions.ts';
import type { ProductQueries } from '../product/product-views.queries.ts';
import type { PageRequest } from '../views/page-of-rows.ts';
import { NewestMessages } from './newest-messages.ts';
import { ParsingRetryRunning } from './parsing-failure.failures.ts';
import { failureViewOf } from './stored-failure.ts';

/** Messages of a product that could not be parsed, as parsers keep them aside. */
export class ParsingFailures {
  readonly #stored: NewestMessages;

  constructor(
    private readonly nats: NatsConnection,
    private readonly products: ProductQueries,
    private readonly transactions: CommandTransactions,
  ) {
    this.#stored = new NewestMessages(nats, PARSING_FAILURES_STREAM.name);
  }

  /** Newest first. @throws {ProductNotFound | RequestInvalid} when `after` is no cursor */
  async list(
    productKey: string,
    { device, code, limit, after }: ParsingFailureSelection & PageRequest,
  ): Promise<Page<ParsingFailureView>> {
    await this.products.get(productKey);
    const before = after === undefined ? Number.MAX_SAFE_INTEGER : placeOf(after);
    const filter = parsingFailureFilter(productKey, device, code);
    const { messages, next } = await this.#stored.before(filter, before, limit);
    return { items: messages.map(failureViewOf), next: next === undefined ? null : String(next) };
  }

  /**
   * With the version of the script that is in force now.
   *
   * @throws {ProductNotFound | ParsingRetryRunning | ServiceUnreachable | ServiceTimedOut | IdempotencyKeyReused}
   */
  retry(
    productKey: string,
    selection: ParsingRetryInput,
    context: CommandContext,
  ): Promise<ParsingRetryResult> {
    const input = { productKey, ...selection };
    const description = { name: 'RetryParsingFailures', input, answer: parsingRetryResult };
    return this.transactions.runElsewhere(description, context, () => this.#retry(productKey, selection));
  }

  /** @throws {ProductNotFound | IdempotencyKeyReused} */
  delete(
    productKey: string,
    selection: ParsingFailureSelection,
    context: CommandContext,
  ): Promise<DeletedParsingFailures> {
    const input = { productKey, ...selection };
    const description = { name: 'DeleteParsingFailures', input, answer: deletedParsingFailures };
    return this.transactions.runElsewhere(description, context, () => this.#delete(productKey, selection));
  }

  async #retry(
    productKey: string,
    { device, code, messageIds, limit, after }: ParsingRetryInput,
  ): Promise<ParsingRetryResult> {
    await this.products.get(productKey);
    const reply = await callService(this.nats, retryFailures, {
      productKey,
      filter: { deviceName: device, code, messageIds },
      limit,
      after,
    });
    if (reply.outcome === 'busy') throw new ParsingRetryRunning(productKey);
    const { parsed, failed, remaining, next = null } = reply;
    return { parsed, failed, remaining, next };
  }

  async #delete(
    productKey: string,
    { device, code }: ParsingFailureSelection,
  ): Promise<DeletedParsingFailures> {
    await this.products.get(productKey);
    return { deleted: await this.#stored.purge(parsingFailureFilter(productKey, device, code)) };
  }
}

function placeOf(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new RequestInvalid([{ path: 'after', message: 'must be the next of the page before' }]);
}

import {
  addressBan,
  addressGroup,
  banKey,
  BANS_BUCKET,
  gatewayId as gatewayIdRule,
  type AddressBan,
  type Page,
} from '@gatehouse/contracts';
import { openBucket } from '@gatehouse/nats';
import type { KV, KvEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandTransactions } from '../commands/command-transactions.ts';
import { pageOfRows, type PageRequest } from '../views/page-of-rows.ts';
import { BanNotFound } from './ban.failures.ts';

export interface BanListRequest extends PageRequest {
  readonly gatewayId?: string | undefined;
}

/** Addresses that may not connect for a while: the bucket `bans`, written by the edges. */
export class Bans {
  #bucket: Promise<KV> | undefined;

  constructor(
    private readonly nats: NatsConnection,
    private readonly transactions: CommandTransactions,
  ) {}

  /** Those that hold, in the order of their keys. Reads the whole bucket, which edges keep small. */
  async list({ limit, after = '', gatewayId }: BanListRequest): Promise<Page<AddressBan>> {
    const bucket = await this.#open();
    const found: { readonly key: string; readonly ban: AddressBan }[] = [];
    for await (const entry of await bucket.history({
      key: gatewayId === undefined ? '>' : `${gatewayId}.>`,
    })) {
      const ban = holding(entry);
      if (ban !== undefined && entry.key > after) found.push({ key: entry.key, ban });
    }
    const rows = found.toSorted((one, other) => (one.key < other.key ? -1 : 1));
    return pageOfRows(rows, limit, { item: ({ ban }) => ban, cursor: ({ key }) => key });
  }

  /** Edges let the address try again at once. @throws {BanNotFound | IdempotencyKeyReused} */
  async lift(gatewayId: string, address: string, context: CommandContext): Promise<void> {
    const description = { name: 'LiftBan', input: { gatewayId, address }, answer: z.null() };
    await this.transactions.runElsewhere(description, context, async () => {
      await this.#lift(gatewayId, address);
      return null;
    });
  }

  async #lift(gatewayId: string, address: string): Promise<void> {
    if (!gatewayIdRule.safeParse(gatewayId).success) throw new BanNotFound(gatewayId, address);
    const bucket = await this.#open();
    // Of IPv6 the /64 is banned; an operator has the address of a device.
    for (const banned of new Set([address, addressGroup(address.toLowerCase())])) {
      const key = banKey(gatewayId, banned);
      const entry = await bucket.get(key);
      if (entry === null || holding(entry) === undefined) continue;
      await bucket.delete(key);
      return;
    }
    throw new BanNotFound(gatewayId, address);
  }

  #open(): Promise<KV> {
    this.#bucket ??= openBucket(this.nats, BANS_BUCKET).catch((error: unknown) => {
      this.#bucket = undefined;
      throw error;
    });
    return this.#bucket;
  }
}

/** Undefined when it was lifted, has ended, or cannot be read. */
function holding(entry: KvEntry): AddressBan | undefined {
  if (entry.operation !== 'PUT') return undefined;
  try {
    const ban = addressBan.parse(entry.json());
    return new Date(ban.until).getTime() > Date.now() ? ban : undefined;
  } catch {
    return undefined;
  }
}

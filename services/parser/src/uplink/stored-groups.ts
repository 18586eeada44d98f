import { GroupRefused, type GroupMessage, type GroupPublisher } from '@gatehouse/nats';
import type { OutageLog } from '@gatehouse/observability';
import type { ParserMetrics } from '../observability/parser-metrics.ts';
import type { BusConnection } from './bus-connection.ts';
import { retryDelayMs, wait } from './retry-delay.ts';

/** On whose behalf messages are published, for as long as that is not abandoned. */
export interface Owned {
  readonly source: { readonly isAbandoned: boolean };
}

/** One message for a stream, on behalf of a device's message. */
export interface Outgoing<Of extends Owned> extends GroupMessage {
  readonly of: Of;
}

/** A message that the stream will never take. */
export interface RefusedMessage<Of extends Owned> {
  readonly of: Of;
  readonly reason: string;
}

/** Refusals for good of one group, other mishaps between them or not, after which its messages are published one by one. */
const MAX_REFUSALS = 3;

/**
 * Publishes groups to one stream and returns when every single message is stored. A group that was not stored to
 * its end is published again as a whole: each message keeps its id, so the stream takes each once and in the
 * order of the group. A message that the stream will never take is found and left out.
 */
export class StoredGroups {
  constructor(
    private readonly stream: GroupPublisher,
    private readonly connection: BusConnection,
    private readonly metrics: ParserMetrics,
    private readonly outage: OutageLog,
  ) {}

  /**
   * Messages that were abandoned meanwhile (their partition is somebody else's by now) are left to their next owner.
   *
   * @returns those that the stream refused for good
   */
  async store<Of extends Owned>(group: readonly Outgoing<Of>[]): Promise<readonly RefusedMessage<Of>[]> {
    let refusals = 0;
    for (let attempt = 0; ; attempt += 1) {
      if (group.length > 0) await this.connection.up();
      const ours = group.filter(({ of }) => !of.source.isAbandoned);
      if (ours.length === 0) return [];
      const refusal = await this.#publish(ours);
      if (refusal === undefined) return [];
      if (isPermanent(refusal)) refusals += 1;
      if (refusals === MAX_REFUSALS) return this.#storeOneByOne(ours);
      this.metrics.publishRetries.add(ours.length);
      await wait(retryDelayMs(attempt));
    }
  }

  async #storeOneByOne<Of extends Owned>(group: readonly Outgoing<Of>[]): Promise<RefusedMessage<Of>[]> {
    const refused: RefusedMessage<Of>[] = [];
    for (const each of group) {
      for (let attempt = 0; ; attempt += 1) {
        await this.connection.up();
        if (each.of.source.isAbandoned) break;
        const refusal = await this.#publish([each]);
        if (refusal === undefined) break;
        if (isPermanent(refusal)) {
          refused.push({ of: each.of, reason: refusal.reason });
          break;
        }
        this.metrics.publishRetries.add();
        await wait(retryDelayMs(attempt));
      }
    }
    return refused;
  }

  /** @returns why the group was not stored to its end */
  async #publish(group: readonly GroupMessage[]): Promise<Error | undefined> {
    // What a lost connection carried will not be answered.
    const { promise: lost, reject } = Promise.withResolvers<never>();
    const stopListening = this.connection.onLost(() => reject(new Error('the connection to NATS was lost')));
    try {
      await Promise.race([this.stream.store(group), lost]);
      this.outage.succeeded();
      return undefined;
    } catch (error) {
      const refusal = error instanceof Error ? error : new Error(String(error));
      const reason = refusal instanceof GroupRefused ? refusal.reason : refusal.message;
      this.outage.failed(reason, { messages: group.length });
      return refusal;
    } finally {
      stopListening();
    }
  }
}

const isPermanent = (refusal: Error): refusal is GroupRefused =>
  refusal instanceof GroupRefused && refusal.isPermanent;

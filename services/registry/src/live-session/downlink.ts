import { randomUUID } from 'node:crypto';
import {
  deliverMessage,
  downlinkResult,
  encodeDownlink,
  type DownlinkInput,
  type DownlinkResult,
  type RequestOf,
} from '@gatehouse/contracts';
import { callService, ServiceTimedOut, ServiceUnreachable } from '@gatehouse/nats';
import { CountedByLabel } from '@gatehouse/observability';
import type { NatsConnection } from '@nats-io/transport-node';
import type { CommandContext } from '../commands/command-context.ts';
import type { CommandTransactions } from '../commands/command-transactions.ts';
import type { DeviceQueries } from '../device/device-views.queries.ts';
import {
  DownlinkNotEncoded,
  DownlinkParsingOff,
  DownlinkScriptsBusy,
  DownlinkUnacknowledged,
} from './live-session.failures.ts';
import type { SessionDirectory } from './session-directory.ts';

interface Sending {
  readonly productKey: string;
  readonly deviceName: string;
  readonly input: DownlinkInput;
}

/** Messages from applications to devices that are connected now. */
export class Downlink {
  readonly #sent = new CountedByLabel<DownlinkResult['outcome'] | 'unacknowledged'>(
    'gatehouse.registry.downlink.messages',
    'Downlink messages by outcome',
    'outcome',
  );

  constructor(
    private readonly nats: NatsConnection,
    private readonly devices: DeviceQueries,
    private readonly sessions: SessionDirectory,
    private readonly transactions: CommandTransactions,
  ) {}

  /**
   * The answer is kept under the Idempotency-Key once the message is sent: the same request later sends none,
   * the same request meanwhile does.
   *
   * @throws {DeviceNotFound}
   * @throws {DownlinkNotEncoded | DownlinkParsingOff | DownlinkScriptsBusy} the script made no bytes of `json`; nothing was sent
   * @throws {DownlinkUnacknowledged} when the device's PUBACK did not come in time
   * @throws {IdempotencyKeyReused}
   */
  async send(sending: Sending, context: CommandContext): Promise<DownlinkResult> {
    const description = { name: 'SendMessage', input: sending, answer: downlinkResult };
    return this.transactions.runElsewhere(description, context, () => this.#send(sending));
  }

  async #send({ productKey, deviceName, input }: Sending): Promise<DownlinkResult> {
    const device = await this.devices.get(productKey, deviceName);
    const { json, payload = '', ...fields } = input;
    // Before anything else: what the script has against it is told whether the device is there or not.
    const bytes = json === undefined ? payload : await this.#encode(productKey, json);
    const messageId = randomUUID();
    const outcome =
      device.status === 'DISABLE'
        ? 'offline'
        : await this.#deliver(productKey, deviceName, { messageId, ...fields, payload: bytes });
    this.#sent.add(outcome);
    if (outcome === 'unacknowledged') throw new DownlinkUnacknowledged(messageId);
    return { messageId, outcome };
  }

  /** @returns base64 */
  async #encode(productKey: string, json: Record<string, unknown>): Promise<string> {
    const reply = await callService(this.nats, encodeDownlink, { productKey, json });
    switch (reply.outcome) {
      case 'encoded':
        return reply.payload;
      case 'failed':
        throw new DownlinkNotEncoded(reply);
      case 'parsing-off':
        throw new DownlinkParsingOff(productKey);
      case 'busy':
        throw new DownlinkScriptsBusy(reply.waiting);
    }
  }

  async #deliver(
    productKey: string,
    deviceName: string,
    message: RequestOf<ReturnType<typeof deliverMessage>>['message'],
  ): Promise<'delivered' | 'not-subscribed' | 'offline' | 'unacknowledged'> {
    const found = await this.sessions.find(productKey, deviceName);
    if (found === undefined) return 'offline';
    try {
      const contract = deliverMessage(found.entry.edgeId);
      const { outcome } = await callService(this.nats, contract, { productKey, deviceName, message });
      return outcome;
    } catch (error) {
      // The edge is gone, and the device's connection with it.
      if (error instanceof ServiceUnreachable) return 'offline';
      if (error instanceof ServiceTimedOut) return 'unacknowledged';
      throw error;
    }
  }
}

import { jetstream, type Consumer } from '@nats-io/jetstream';
import { MESSAGE_HEADERS, MESSAGES_STREAM } from '@gatehouse/contracts';
import { connectNats } from '@gatehouse/nats';

export interface StoredDeviceMessage {
  readonly deviceName: string;
  readonly topic: string;
  readonly messageId: string;
  readonly payload: string;
  /** When the edge read it, in milliseconds since 1970. */
  readonly receivedAt: number;
  /** When the stream stored it. */
  readonly storedAt: number;
}

/** How many messages of a product the stream MESSAGES holds. */
export async function countStoredMessages(natsUrl: string, productKey: string): Promise<number> {
  await using nats = await connectNats(natsUrl, 'stored-messages');
  const consumer = await consumerOf(nats, productKey);
  return (await consumer.info()).num_pending;
}

/** Everything that the stream MESSAGES holds of a product, in the stream's order. */
export async function storedMessages(natsUrl: string, productKey: string): Promise<StoredDeviceMessage[]> {
  await using nats = await connectNats(natsUrl, 'stored-messages');
  const consumer = await consumerOf(nats, productKey);
  const stored: StoredDeviceMessage[] = [];
  let { num_pending: pending } = await consumer.info();
  while (pending > 0) {
    const batch = await consumer.fetch({ max_messages: Math.min(pending, 5_000), expires: 5_000 });
    for await (const message of batch) {
      stored.push({
        deviceName: message.subject.split('.')[3] ?? '',
        topic: message.headers?.get(MESSAGE_HEADERS.topic) ?? '',
        messageId: message.headers?.get(MESSAGE_HEADERS.messageId) ?? '',
        payload: message.string(),
        receivedAt: Date.parse(message.headers?.get(MESSAGE_HEADERS.time) ?? ''),
        storedAt: message.info.timestampNanos / 1e6,
      });
      pending = message.info.pending;
    }
  }
  return stored;
}

function consumerOf(nats: Parameters<typeof jetstream>[0], productKey: string): Promise<Consumer> {
  return jetstream(nats).consumers.get(MESSAGES_STREAM.name, {
    filter_subjects: `messages.v1.${productKey}.>`,
  });
}

import type { ServerResponse } from 'node:http';
import type { StreamedMessage, WatchedMessage } from '@gatehouse/contracts';
import { matchesTopicFilter, topicFilterProblem } from '@gatehouse/mqtt';
import { RequestInvalid } from '@gatehouse/nest';
import { CountedTotal, observedGauge } from '@gatehouse/observability';
import type { DeviceQueries } from '../device/device-views.queries.ts';
import type { ProductQueries } from '../product/product-views.queries.ts';
import { TooManyMessageStreams } from './message-stream.failures.ts';
import type { ProductWatch, Watching } from './product-watch.ts';
import { ServerSentEvents } from './server-sent-events.ts';
import { streamedMessageOf } from './streamed-message.ts';

export interface MessageSelection {
  readonly productKey: string;
  readonly device?: string | undefined;
  /** An MQTT topic filter. */
  readonly topic?: string | undefined;
}

export interface StreamReader {
  readonly response: ServerResponse;
  /** Asked at every heartbeat: a key may have been revoked. Never rejects. */
  readonly mayGoOn: () => Promise<boolean>;
}

export interface MessageStreamLimits {
  readonly maxStreams: number;
  readonly heartbeatMs: number;
}

export const MESSAGE_STREAM_LIMITS: MessageStreamLimits = { maxStreams: 200, heartbeatMs: 15_000 };

const MAX_FILTER_BYTES = 1_024;

/** Shows people and consoles what devices publish, as it happens. */
export class MessageStreams {
  readonly #open = new Set<() => void>();
  readonly #dropped = new CountedTotal(
    'gatehouse.registry.message_stream.dropped',
    'Messages not shown because a reader was too slow',
  );

  constructor(
    private readonly products: ProductQueries,
    private readonly devices: Pick<DeviceQueries, 'isKnown'>,
    private readonly watch: ProductWatch,
    private readonly limits: MessageStreamLimits = MESSAGE_STREAM_LIMITS,
  ) {
    observedGauge(
      'gatehouse.registry.message_stream.open',
      'Message streams that are open',
      () => this.#open.size,
    );
  }

  /**
   * What must be right before a response begins.
   *
   * @throws {RequestInvalid} a filter that is none
   * @throws {ProductNotFound}
   * @throws {TooManyMessageStreams}
   */
  async check({ productKey, topic }: MessageSelection): Promise<void> {
    const problem = topic === undefined ? undefined : topicFilterProblem(topic, MAX_FILTER_BYTES);
    if (problem !== undefined) throw new RequestInvalid([{ path: 'topic', message: problem }]);
    await this.products.get(productKey);
    if (this.#open.size >= this.limits.maxStreams) throw new TooManyMessageStreams(this.limits.maxStreams);
  }

  /** Streams until the reader goes, may no longer read, or the service stops. */
  open(selection: MessageSelection, { response, mayGoOn }: StreamReader): void {
    response.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    response.flushHeaders();
    const events = new ServerSentEvents(response);
    const watching = this.watch.watch(selection.productKey, (message) => {
      if (isSelected(selection, message)) this.#show(events, streamedMessageOf(message));
    });
    const heartbeat = setInterval(() => {
      events.comment('still here');
      void endUnless(mayGoOn, close);
    }, this.limits.heartbeatMs);
    const close = (): void => {
      clearInterval(heartbeat);
      watching.stop();
      this.#open.delete(close);
      events.end();
    };
    this.#open.add(close);
    response.on('close', close);
    void this.#greet(selection, events, { watching, close });
  }

  /** Ends every stream: readers connect again, to another instance. */
  onModuleDestroy(): void {
    for (const close of this.#open) close();
  }

  async #greet(
    { productKey, device }: MessageSelection,
    events: ServerSentEvents,
    { watching, close }: { readonly watching: Watching; readonly close: () => void },
  ): Promise<void> {
    await watching.ready;
    if (!this.#open.has(close)) return;
    events.comment('connected');
    // It may be imported, or connect through a third party, while the reader waits: no reason to refuse.
    const isKnown =
      device === undefined || (await this.devices.isKnown(productKey, device).catch(() => true));
    if (!isKnown)
      events.comment(`the product has no device ${JSON.stringify(device)} yet; this stream waits for it`);
  }

  #show(events: ServerSentEvents, message: StreamedMessage): void {
    if (!events.send('message', message, message.messageId)) this.#dropped.add();
  }
}

function isSelected({ device, topic }: MessageSelection, message: WatchedMessage): boolean {
  if (device !== undefined && device !== message.deviceName) return false;
  return topic === undefined || matchesTopicFilter(topic, message.topic);
}

async function endUnless(mayGoOn: () => Promise<boolean>, end: () => void): Promise<void> {
  if (!(await mayGoOn())) end();
}

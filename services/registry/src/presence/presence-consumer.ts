import { PRESENCE_STREAM, presenceReports, type PresenceReport } from '@gatehouse/contracts';
import { StreamVersionConflict } from '@gatehouse/event-store';
import { contextOfTraceparent } from '@gatehouse/nats';
import { CountedByLabel, failSpan, reasonOf, startSpan, type Logger } from '@gatehouse/observability';
import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type Consumer,
  type JsMsg,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { context, SpanKind, trace, type Span } from '@opentelemetry/api';
import type { BackgroundWork } from '../background/background-work.ts';
import { BackOff } from '../background/back-off.ts';
import { isDatabaseOutage } from '../background/database-outage.ts';
import type { DeviceCommands } from '../device/device-commands.ts';
import { deviceKeyText } from '../device/device-rows.ts';
import type { BarredDevice } from '../device/presence-recorder.ts';
import type { SessionEnding } from '../live-session/session-ending.ts';

const DURABLE = 'registry-presence';
const BATCH_MESSAGES = 100;
/** Held in this process at most, beside the batch being written. */
const PREFETCHED_MESSAGES = 2 * BATCH_MESSAGES;
const ACK_WAIT_MS = 30_000;
const NAK_DELAY_MS = 1_000;
/** A report that fails alone so many times, while the database answers, is put aside. */
const MAX_DELIVERIES = 5;
const NANOS_PER_MS = 1_000_000;

interface Delivered {
  readonly message: JsMsg;
  readonly reports: readonly PresenceReport[];
}

/**
 * Writes down what edges report of connections: stream PRESENCE → the log, in batches. A message is
 * acknowledged after its reports are committed; while the database is away they wait in the stream.
 */
export class PresenceConsumer implements BackgroundWork {
  readonly name = 'presence';
  readonly #reports = new CountedByLabel<'recorded' | 'ignored' | 'malformed' | 'refused'>(
    'gatehouse.registry.presence.reports',
    'Presence reports by what became of them; malformed and refused count messages',
    'outcome',
  );
  readonly #backOff = new BackOff();

  constructor(
    private readonly nats: NatsConnection,
    private readonly commands: DeviceCommands,
    private readonly sessions: SessionEnding,
    private readonly logger: Logger,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    const consumer = await this.#consumer();
    const waiting: JsMsg[] = [];
    const ended = new AbortController();
    const isOver = AbortSignal.any([signal, ended.signal]);
    let wake = Promise.withResolvers<void>();
    isOver.addEventListener('abort', () => wake.resolve());
    const messages = await consumer.consume({
      max_messages: PREFETCHED_MESSAGES,
      callback: (message) => {
        waiting.push(message);
        wake.resolve();
      },
    });
    const closed = messages.closed().finally(() => ended.abort());
    try {
      while (!isOver.aborted) {
        await wake.promise;
        wake = Promise.withResolvers<void>();
        while (waiting.length > 0 && !isOver.aborted) {
          const batch = waiting.splice(0, BATCH_MESSAGES).flatMap((message) => this.#readable(message));
          if (batch.length > 0) await this.#record(batch, signal);
        }
      }
    } finally {
      await messages.close();
      for (const message of waiting) message.nak();
    }
    // Ended by itself, not by us: the reason, if any, starts the work again.
    const reason = await closed;
    if (reason instanceof Error && !signal.aborted) throw reason;
  }

  async #consumer(): Promise<Consumer> {
    const manager = await jetstreamManager(this.nats);
    await manager.consumers.add(PRESENCE_STREAM.name, {
      durable_name: DURABLE,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: ACK_WAIT_MS * NANOS_PER_MS,
      max_ack_pending: 10 * BATCH_MESSAGES,
    });
    return jetstream(this.nats).consumers.get(PRESENCE_STREAM.name, DURABLE);
  }

  #readable(message: JsMsg): Delivered[] {
    const parsed = presenceReports.safeParse(jsonOf(message));
    if (parsed.success) return [{ message, reports: parsed.data }];
    this.#reports.add('malformed');
    this.logger.error({ err: parsed.error, subject: message.subject }, 'a presence report cannot be read');
    message.term('not presence reports');
    return [];
  }

  async #record(batch: readonly Delivered[], signal: AbortSignal): Promise<void> {
    try {
      await this.#append(batch, signal);
      this.#backOff.succeeded();
    } catch (error) {
      if (batch.length > 1 && !isWorthWaiting(error)) {
        // One of them is bad: alone, each shows whether it is the one.
        for (const delivered of batch) await this.#record([delivered], signal);
        return;
      }
      this.#giveBack(batch, error);
      await this.#backOff.pause(signal);
    }
  }

  async #append(batch: readonly Delivered[], signal: AbortSignal): Promise<void> {
    const reports = batch.flatMap((each) => each.reports);
    const spans = appendSpans(reports);
    const [first] = spans;
    const write = () => this.commands.recordPresence(reports);
    try {
      const outcome = await (first === undefined
        ? write()
        : context.with(trace.setSpan(context.active(), first), write));
      this.#reports.add('recorded', outcome.recorded);
      this.#reports.add('ignored', outcome.ignored);
      this.#acknowledge(batch, outcome.barred, signal);
    } catch (error) {
      for (const span of spans) failSpan(span, error);
      throw error;
    } finally {
      for (const span of spans) span.end();
    }
  }

  /** A message that tells of barred devices when they are out, so that it comes again if this process ends before. */
  #acknowledge(batch: readonly Delivered[], barred: readonly BarredDevice[], signal: AbortSignal): void {
    const byDevice = new Map(barred.map((device) => [deviceKeyText(device), device]));
    for (const { message, reports } of batch) {
      const own = new Set(reports.flatMap((report) => byDevice.get(deviceKeyText(report)) ?? []));
      if (own.size === 0) message.ack();
      else void this.#endBarred(message, [...own], signal);
    }
  }

  async #endBarred(message: JsMsg, barred: readonly BarredDevice[], signal: AbortSignal): Promise<void> {
    try {
      this.logger.info({ barred }, 'devices have connected that may not');
      const ended = await Promise.all(barred.map((device) => this.sessions.end(device, signal)));
      if (ended.every(Boolean)) message.ack();
      else message.nak(NAK_DELAY_MS);
    } catch (error) {
      this.logger.warn({ error: reasonOf(error), barred }, 'sessions could not be ended');
      message.nak(NAK_DELAY_MS);
    }
  }

  #giveBack(batch: readonly Delivered[], error: unknown): void {
    const line = 'presence reports could not be written; they are delivered again';
    // Told once, by the connection to the database.
    if (isDatabaseOutage(error)) this.logger.debug({ reason: reasonOf(error), messages: batch.length }, line);
    else this.logger.warn({ err: error, messages: batch.length }, line);
    for (const { message } of batch) {
      if (!isWorthWaiting(error) && message.info.deliveryCount >= MAX_DELIVERIES) {
        this.#reports.add('refused');
        this.logger.error({ err: error, data: message.string() }, 'a presence report is put aside');
        message.term('could not be written');
      } else {
        message.nak(NAK_DELAY_MS);
      }
    }
  }
}

/**
 * One span in each trace that a report of the batch belongs to. The first is active while the batch is
 * written, so the queries are its children.
 */
function appendSpans(reports: readonly PresenceReport[]): Span[] {
  const traceparents = new Set(reports.flatMap(({ traceparent }) => traceparent ?? []));
  const spans: Span[] = [];
  for (const traceparent of traceparents) {
    const parent = contextOfTraceparent(traceparent);
    if (!isSampled(traceparent) && spans.length > 0) continue;
    spans.push(
      startSpan(
        'presence append',
        {
          kind: SpanKind.CONSUMER,
          attributes: {
            'messaging.system': 'nats',
            'messaging.destination.name': PRESENCE_STREAM.name,
            'messaging.batch.message_count': reports.length,
          },
        },
        parent,
      ),
    );
  }
  return spans;
}

const isSampled = (traceparent: string): boolean => (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;

/** Whether the same reports may well be written later. */
function isWorthWaiting(error: unknown): boolean {
  return error instanceof StreamVersionConflict || isDatabaseOutage(error);
}

function jsonOf(message: JsMsg): unknown {
  try {
    return message.json();
  } catch {
    return undefined;
  }
}

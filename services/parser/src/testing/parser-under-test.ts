import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  getProductParsing,
  MESSAGES_STREAM,
  PARSING_FAILURES_STREAM,
  registryEventSubject,
  UPLINK_STREAM,
  UplinkBatchEncoder,
  uplinkPartition,
  uplinkSubject,
  watchedMessage,
  watchedSubject,
  watchProduct,
  type OnParsingFailure,
  type ProductParsing,
  type UplinkMessage,
  type WatchedMessage,
} from '@gatehouse/contracts';
import { callService, connectNats, ensureStreams } from '@gatehouse/nats';
import { newTraceContext } from '@gatehouse/observability';
import { eventually, startTestNats } from '@gatehouse/testing';
import { jetstream, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';

export const PRODUCT = 'a1product';
/** The registry's answer for it breaks its contract. */
export const MALFORMED_PRODUCT = 'a1malformed';
const GATEWAY = 'gw-1';
/** Messages of a stream. */
const READ_AT_ONCE = 200;
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface ParserProcess {
  readonly metricsUrl: string;
  /** How it ended, once it has. */
  readonly ended: Promise<NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** The built service as a process of its own; resolves when it is ready. */
async function startParser(
  natsUrl: string,
  settings: Readonly<Record<string, string>>,
): Promise<ParserProcess> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, NATS_URL: natsUrl, HTTP_PORT: '0', LOG_LEVEL: 'info', ...settings },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit').then(() => child.signalCode);
  const metricsUrl = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, http } = JSON.parse(line) as { msg: string; http?: string };
      if (msg === 'service ready') resolve(`${http}/metrics`);
    });
    child.once('exit', () => reject(new Error('the parser ended before it was ready')));
  });
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return { metricsUrl, ended, kill };
}

/** NATS with the streams, a registry that says how products are parsed, and an edge that publishes. */
export async function startSurroundings() {
  const server = await startTestNats();
  const nats = await connectNats(server.url, 'test');
  await ensureStreams(nats, { replicas: 1, maxStreamBytes: 256 * 1024 * 1024 });
  const manager = await jetstreamManager(nats);
  const stream = jetstream(nats);
  const parsings = new Map<string, ProductParsing | 'nonsense'>([[MALFORMED_PRODUCT, 'nonsense']]);
  const registry = nats.subscribe(getProductParsing.subject, {
    callback: (_error, message) => {
      const { productKey } = getProductParsing.request.parse(message.json());
      message.respond(JSON.stringify({ parsing: parsings.get(productKey) ?? null }));
    },
  });
  const parsers: ParserProcess[] = [];
  async function storedIn(name: string, count: number, timeoutMs?: number): Promise<StoredMsg[]> {
    const lastSeq = await eventually(async () => {
      const { state } = await manager.streams.info(name);
      if (state.messages < count) throw new Error(`${state.messages} of ${count} messages`);
      return state.last_seq;
    }, timeoutMs);
    const stored: StoredMsg[] = [];
    for (let first = 1; first <= lastSeq; first += READ_AT_ONCE) {
      const sequences = Array.from(
        { length: Math.min(READ_AT_ONCE, lastSeq - first + 1) },
        (_, n) => first + n,
      );
      const read = await Promise.all(sequences.map((seq) => manager.streams.getMessage(name, { seq })));
      stored.push(...read.filter((message) => message !== null));
    }
    return stored;
  }
  let batches = 0;

  return {
    nats,
    manager,
    registry,
    /** @param settings environment of this parser, such as PARSER_SCRIPT_TIMEOUT_MS */
    async startParser(settings: Readonly<Record<string, string>> = {}): Promise<ParserProcess> {
      const parser = await startParser(server.url, settings);
      parsers.push(parser);
      return parser;
    },
    setScript(
      version: number,
      code: string | undefined,
      {
        productKey = PRODUCT,
        onFailure = 'drop',
        isReported = true,
      }: { productKey?: string; onFailure?: OnParsingFailure; isReported?: boolean } = {},
    ): void {
      const script = code === undefined ? null : { version, language: 'javascript' as const, code };
      parsings.set(productKey, { productKey, gatewayId: GATEWAY, enabled: true, onFailure, script });
      if (isReported) nats.publish(registryEventSubject('parsing-script', productKey), '{}');
    },
    /** From here on the registry's answer breaks its contract; that it changed nobody is told. */
    spoilAnswer(productKey = PRODUCT): void {
      parsings.set(productKey, 'nonsense');
    },
    setCanary(version: number, code: string, percent: number): void {
      const parsing = parsings.get(PRODUCT);
      if (parsing === undefined || parsing === 'nonsense')
        throw new Error('a canary needs a version in force');
      parsings.set(PRODUCT, { ...parsing, canary: { version, language: 'javascript', code, percent } });
    },
    /** Publishes a batch as an edge does, and gives its id. */
    async publish(
      messages: readonly (Partial<UplinkMessage> & { deviceName: string })[],
      productKey = PRODUCT,
    ): Promise<string> {
      const encoder = new UplinkBatchEncoder();
      for (const message of messages) {
        encoder.add({
          topic: 'up/data',
          qos: 1,
          retain: false,
          receivedAt: Date.UTC(2026, 0, 1),
          trace: newTraceContext(),
          payload: Buffer.from('{}'),
          ...message,
        });
      }
      const batchId = `edge-${GATEWAY}-${(batches += 1)}`;
      const partition = uplinkPartition(messages[0]?.deviceName ?? '');
      await stream.publish(uplinkSubject(GATEWAY, partition), encoder.take(productKey, batchId), {
        msgID: batchId,
      });
      return batchId;
    },
    publishRaw: (payload: Uint8Array) => stream.publish(uplinkSubject(GATEWAY, 0), payload),
    /** All messages of the stream MESSAGES, once there are so many. */
    messages: (count: number, timeoutMs?: number) => storedIn(MESSAGES_STREAM.name, count, timeoutMs),
    /** All messages of the stream PARSING_FAILURES, once there are so many. */
    failures: (count: number, timeoutMs?: number) => storedIn(PARSING_FAILURES_STREAM.name, count, timeoutMs),
    /** What somebody who watches a product gets to see from now on. */
    async watched(productKey = PRODUCT): Promise<WatchedMessage[]> {
      const seen: WatchedMessage[] = [];
      nats.subscribe(watchedSubject(productKey), {
        callback: (_error, message) => {
          seen.push(watchedMessage.parse(message.json()));
        },
      });
      await callService(nats, watchProduct, { productKey, seconds: 60 });
      return seen;
    },
    uplinkIsEmpty: (timeoutMs?: number) =>
      eventually(async () => {
        const { state } = await manager.streams.info(UPLINK_STREAM.name);
        if (state.messages > 0) throw new Error(`${state.messages} batches wait`);
      }, timeoutMs),
    async [Symbol.asyncDispose]() {
      await Promise.all(parsers.map((parser) => parser.kill('SIGKILL')));
      await nats.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

export const text = (message: StoredMsg | undefined): string => Buffer.from(message?.data ?? []).toString();
/** A script whose transformPayload does that. */
export const script = (code: string): string => `function transformPayload(topic, rawData) { ${code} }`;

import { parsingSampleSubject } from '@gatehouse/contracts';
import { connectNats, ensureStreams } from '@gatehouse/nats';
import { createLogger, newTraceContext } from '@gatehouse/observability';
import { startTestNats } from '@gatehouse/testing';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ParserMetrics } from '../observability/parser-metrics.ts';
import { SCRIPT_FAILURE_CODE, ScriptFailure } from '../script/script-failure.ts';
import type { ParsedMessage, ParsingResult } from '../uplink/parsed-message.ts';
import { MessageSamples } from './message-samples.ts';
import { RecentSamples } from './recent-samples.ts';

const resources = new AsyncDisposableStack();
const metrics = new ParserMetrics();
const logger = createLogger('parser', 'silent');
const PARSED: ParsingResult = { outcome: 'parsed', payload: Buffer.from('{}'), scriptVersion: 1 };
const SECOND = Date.UTC(2026, 0, 1);
let nats: NatsConnection;
let recent: RecentSamples;

beforeAll(async () => {
  const server = resources.use(await startTestNats());
  nats = resources.use(await connectNats(server.url, 'test'));
  await ensureStreams(nats, { replicas: 1, maxStreamBytes: 64 * 1024 * 1024 });
  recent = new RecentSamples(nats);
});
afterAll(() => resources.disposeAsync());

const samplesOf = (perSecond: number): MessageSamples =>
  new MessageSamples(nats, { PARSER_SAMPLES_PER_SECOND: perSecond }, metrics, logger);

function messages(
  productKey: string,
  count: number,
  result = PARSED,
  payload = Buffer.from('raw'),
): ParsedMessage[] {
  return Array.from({ length: count }, (_, n) => ({
    messageId: `${productKey}-${n}`,
    productKey,
    message: {
      deviceName: 'pump',
      topic: 'up',
      qos: 1,
      retain: false,
      receivedAt: SECOND,
      trace: newTraceContext(),
      payload,
    },
    topic: 'up',
    result,
    onFailure: 'drop',
    source: { isAbandoned: false },
    trace: undefined,
  }));
}

async function kept(productKey: string): Promise<string[]> {
  // Nobody confirms samples; the stream takes them in order, and this one after them.
  await jetstream(nats).publish(parsingSampleSubject('last'), '{}');
  return (await recent.last(productKey, 100)).map(({ messageId }) => messageId);
}

test('the first few messages of a second are kept, newest first, each once', async () => {
  const samples = samplesOf(3);
  samples.keep(messages('p1', 10), SECOND);
  samples.keep(messages('p1', 10), SECOND + 999);
  samples.keep(messages('p1', 2), SECOND + 1_000);
  samples.keep(messages('p2', 1), SECOND);
  expect(await kept('p1')).toEqual(['p1-2', 'p1-1', 'p1-0']);
  expect(await kept('p2')).toEqual(['p2-0']);
  expect(await recent.last('p1', 1)).toEqual([
    {
      messageId: 'p1-2',
      deviceName: 'pump',
      topic: 'up',
      time: '2026-01-01T00:00:00.000Z',
      payload: Buffer.from('raw').toString('base64'),
    },
  ]);
});

test('no more than 100 messages of a product are kept', async () => {
  samplesOf(1_000).keep(messages('p3', 250), SECOND);
  const ids = await kept('p3');
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([100, 'p3-249', 'p3-150']);
});

test('messages that a script fails are kept; those that are not parsed or too large are not', async () => {
  const samples = samplesOf(10);
  const failure = new ScriptFailure(SCRIPT_FAILURE_CODE.notSubmitted, 'no script');
  samples.keep(messages('p4', 1, { outcome: 'failed', failure }), SECOND);
  samples.keep(messages('p5', 1, { outcome: 'passed', payload: Buffer.from('raw') }), SECOND);
  samples.keep(messages('p6', 1, PARSED, Buffer.alloc(40_000)), SECOND);
  expect(await kept('p4')).toHaveLength(1);
  expect(await kept('p5')).toEqual([]);
  expect(await kept('p6')).toEqual([]);
});

test('with 0 a second nothing is kept; what is forgotten is gone', async () => {
  samplesOf(0).keep(messages('p7', 1), SECOND);
  expect(await kept('p7')).toEqual([]);
  samplesOf(1).keep(messages('p7', 1), SECOND);
  expect(await kept('p7')).toHaveLength(1);
  await recent.forget('p7');
  expect(await kept('p7')).toEqual([]);
});

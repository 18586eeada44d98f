import { certificateStaple, STAPLES_BUCKET, type RequestOf } from '@gatehouse/contracts';
import { connectNats, openBucket } from '@gatehouse/nats';
import { readOcspResponse, TestAuthority, verifyOcspResponse, type TestCertificate } from '@gatehouse/pki';
import { eventually, startTestNats } from '@gatehouse/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { startStapling } from '../testing/test-ocsp.ts';
import {
  inMinutes,
  responding,
  startTestResponder,
  statementOn,
  type TestResponder,
} from '../testing/test-responder.ts';

type Question = RequestOf<typeof certificateStaple>;

const root = TestAuthority.createRoot({ commonName: 'Server root' });
const intermediate = root.createIntermediate();
const otherRoot = TestAuthority.createRoot({ commonName: 'Other root' });

let nats: Awaited<ReturnType<typeof startTestNats>>;
let responder: TestResponder;
beforeAll(async () => {
  nats = await startTestNats();
  responder = await startTestResponder();
});
afterAll(async () => {
  await responder[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});
beforeEach(() => {
  responder.questions.length = 0;
});

afterEach(() => vi.useRealTimers());

const minutes = (text: string): number => (Date.parse(text) - Date.now()) / 60_000;
const newServer = (): TestCertificate => intermediate.issueServer({ ocspUrl: responder.url });
const questionOn = (leaf: TestCertificate, rest: Partial<Question> = {}): Question => ({
  gatewayId: 'gw-1',
  chain: [leaf.certificatePem, intermediate.certificatePem],
  trustedCertificate: root.certificatePem,
  responderUrl: null,
  ...rest,
});
const respondGood = (leaf: TestCertificate, nextUpdate = inMinutes(60)): void => {
  responder.behaviour.answer = responding(intermediate, () =>
    statementOn(leaf, intermediate, { nextUpdate }),
  );
};
const respondNothing = (): void => {
  responder.behaviour.answer = (_question, response) => void response.writeHead(503).end();
};

test('a staple is what the responder said, and clients can verify it', async () => {
  await using ocsp = await startStapling(nats.url);
  const leaf = newServer();
  respondGood(leaf);
  const reply = await ocsp.staples.staple(questionOn(leaf));
  if (reply.outcome !== 'staple') throw new Error(reply.reason);
  expect(certificateStaple.reply.parse(reply)).toEqual(reply);
  const verdict = verifyOcspResponse(readOcspResponse(Buffer.from(reply.response, 'base64')), {
    certificate: leaf.certificate,
    issuer: intermediate.certificate,
    now: new Date(),
  });
  expect(verdict).toMatchObject({ outcome: 'trusted', status: { status: 'good' } });
  expect(reply).toMatchObject({ status: 'good', lastError: null });
  expect(minutes(reply.thisUpdate)).toBeLessThanOrEqual(0);
  expect(minutes(reply.nextUpdate ?? '')).toBeGreaterThan(59);
  expect(minutes(reply.validUntil)).toBeGreaterThan(58);
  expect(minutes(reply.validUntil)).toBeLessThanOrEqual(60);
  expect(minutes(reply.askAgainAt)).toBeGreaterThan(29);
  expect(minutes(reply.askAgainAt)).toBeLessThan(34);
  expect(responder.questions).toHaveLength(1);
});

test.each(['revoked', 'unknown'] as const)('a staple that says %s is handed out as it is', async (status) => {
  await using ocsp = await startStapling(nats.url);
  const leaf = newServer();
  responder.behaviour.answer = responding(intermediate, () => statementOn(leaf, intermediate, { status }));
  expect(await ocsp.staples.staple(questionOn(leaf))).toMatchObject({ outcome: 'staple', status });
});

test.each<readonly [string, (leaf: TestCertificate) => Partial<Question>, RegExp]>([
  ['another root', () => ({ trustedCertificate: otherRoot.certificatePem }), /does not lead to the trusted/],
  ['a chain without its intermediate', (leaf) => ({ chain: [leaf.certificatePem] }), /does not lead/],
  ['a root that is no certificate', () => ({ trustedCertificate: 'none' }), /holds no certificate/],
  ['a leaf that is trusted itself', (leaf) => ({ trustedCertificate: leaf.certificatePem }), /as it is/],
  ['a responder whose URL is none', () => ({ responderUrl: 'nonsense' }), /is none/],
  ['a responder of a private address', () => ({ responderUrl: 'http://10.0.0.1/' }), /private network/],
])('%s gives no staple, and says why', async (_title, change, reason) => {
  await using ocsp = await startStapling(nats.url);
  const leaf = newServer();
  const reply = await ocsp.staples.staple(questionOn(leaf, change(leaf)));
  expect(reply).toMatchObject({ outcome: 'none', reason: expect.stringMatching(reason), endedAt: null });
  expect(Date.parse(reply.askAgainAt)).toBeGreaterThan(Date.now());
});

test('a certificate that names no responder takes the one that is set', async () => {
  await using ocsp = await startStapling(nats.url);
  const leaf = intermediate.issueServer();
  expect(await ocsp.staples.staple(questionOn(leaf))).toMatchObject({
    outcome: 'none',
    reason: expect.stringMatching(/names no OCSP responder/),
  });
  respondGood(leaf);
  const set = await ocsp.staples.staple(questionOn(leaf, { responderUrl: responder.url }));
  expect(set).toMatchObject({ outcome: 'staple' });
});

test('an answer of somebody else is no staple', async () => {
  await using ocsp = await startStapling(nats.url);
  const leaf = newServer();
  responder.behaviour.answer = responding(otherRoot, () => statementOn(leaf, intermediate));
  expect(await ocsp.staples.staple(questionOn(leaf))).toMatchObject({ outcome: 'none' });
});

test('many edges at once cost one question', async () => {
  await using ocsp = await startStapling(nats.url);
  const leaf = newServer();
  respondGood(leaf);
  const replies = await Promise.all(Array.from({ length: 20 }, () => ocsp.staples.staple(questionOn(leaf))));
  expect(new Set(replies.map(({ outcome }) => outcome))).toEqual(new Set(['staple']));
  expect(responder.questions).toHaveLength(1);
});

test('two instances share a staple, and a restart keeps it', async () => {
  const leaf = newServer();
  respondGood(leaf);
  {
    await using first = await startStapling(nats.url);
    await using second = await startStapling(nats.url);
    const fetched = await first.staples.staple(questionOn(leaf));
    respondNothing();
    const shared = await second.staples.staple(questionOn(leaf));
    expect(shared).toMatchObject({ outcome: 'staple', response: Reflect.get(fetched, 'response') });
  }
  await using restarted = await startStapling(nats.url);
  expect(await restarted.staples.staple(questionOn(leaf))).toMatchObject({
    outcome: 'staple',
    status: 'good',
  });
  expect(responder.questions).toHaveLength(1);
  expect(restarted.metrics.stapleRefreshes.of('adopted')).toBe(1);
});

test('what others wrote into the bucket is not believed', async () => {
  await using ocsp = await startStapling(nats.url);
  await using watcher = await connectNats(nats.url, 'watcher');
  const bucket = await openBucket(watcher, STAPLES_BUCKET);
  const leaf = newServer();
  respondGood(leaf);
  await ocsp.staples.staple(questionOn(leaf));
  const [key = ''] = await keysSince(bucket);
  const stored = await bucket.get(key);
  const other = newServer();
  respondNothing();
  for (const text of ['nonsense', '{}', '{"response":"AAAA","fetchedAt":"2026-11-01T00:00:00Z"}']) {
    await bucket.put(key, text);
    await using fresh = await startStapling(nats.url);
    expect(await fresh.staples.staple(questionOn(leaf))).toMatchObject({ outcome: 'none' });
  }
  expect(stored).not.toBeNull();
  expect(await ocsp.staples.staple(questionOn(other))).toMatchObject({ outcome: 'none' });
});

test('a staple is refreshed at half of its life without being asked for', async () => {
  await using ocsp = await startStapling(nats.url, SHORT_LIVES);
  const leaf = newServer();
  respondGood(leaf);
  const first = await ocsp.staples.staple(questionOn(leaf));
  await eventually(() => expect(responder.questions.length).toBeGreaterThanOrEqual(2));
  await eventually(async () => {
    const later = await ocsp.staples.staple(questionOn(leaf));
    expect(later).toMatchObject({ outcome: 'staple' });
    expect(Reflect.get(later, 'validUntil') > Reflect.get(first, 'validUntil')).toBe(true);
  });
});

test('a staple that nobody wants is no longer refreshed', async () => {
  await using ocsp = await startStapling(nats.url, { ...SHORT_LIVES, OCSP_STAPLE_INTEREST_SECONDS: '1' });
  const leaf = newServer();
  respondGood(leaf);
  const { askAgainAt } = await ocsp.staples.staple(questionOn(leaf));
  await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(askAgainAt) + 1_500));
  expect(responder.questions).toHaveLength(1);
});

test('a staple that has ended is not handed out, and the next one is as soon as there is one', async () => {
  await using ocsp = await startStapling(nats.url, SHORT_LIVES);
  const leaf = newServer();
  respondGood(leaf);
  // The clock stands still until the test moves it.
  vi.useFakeTimers({ toFake: ['Date'] });
  const first = await ocsp.staples.staple(questionOn(leaf));
  if (first.outcome !== 'staple') throw new Error(first.reason);
  respondNothing();
  vi.setSystemTime(Date.parse(first.validUntil) - 1_000);
  await eventually(async () => {
    const reply = await ocsp.staples.staple(questionOn(leaf));
    expect(reply).toMatchObject({ outcome: 'staple', lastError: expect.stringContaining('HTTP 503') });
  });
  vi.setSystemTime(Date.parse(first.validUntil));
  const ended = await ocsp.staples.staple(questionOn(leaf));
  expect(ended).toMatchObject({
    outcome: 'none',
    reason: expect.stringMatching(/HTTP 503|not asked for a moment/),
    endedAt: first.validUntil,
  });
  respondGood(leaf);
  vi.setSystemTime(Date.parse(ended.askAgainAt));
  expect(await ocsp.staples.staple(questionOn(leaf))).toMatchObject({ outcome: 'staple', lastError: null });
});

const SHORT_LIVES = {
  GATEHOUSE_OCSP_MIN_SECONDS: '1',
  GATEHOUSE_OCSP_MAX_SECONDS: '4',
  OCSP_RETRY_SECONDS: '0.5',
  OCSP_BREAKER_OPEN_MS: '500',
};

async function keysSince(bucket: Awaited<ReturnType<typeof openBucket>>): Promise<string[]> {
  const keys: { key: string; created: number }[] = [];
  for await (const key of await bucket.keys()) {
    const entry = await bucket.get(key);
    keys.push({ key, created: entry?.created.getTime() ?? 0 });
  }
  return keys.toSorted((a, b) => b.created - a.created).map(({ key }) => key);
}

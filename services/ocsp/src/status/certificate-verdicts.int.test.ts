import { Writable } from 'node:stream';
import { createLogger } from '@gatehouse/observability';
import { NameLookUps } from '@gatehouse/outbound';
import { TestAuthority, type TestCertificate } from '@gatehouse/pki';
import { eventually } from '@gatehouse/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startVerdicts } from '../testing/test-ocsp.ts';
import {
  inMinutes,
  responding,
  startTestResponder,
  statementOn,
  type TestResponder,
} from '../testing/test-responder.ts';

const root = TestAuthority.createRoot({ commonName: 'Device root' });
const QUICK = { GATEHOUSE_OCSP_MIN_SECONDS: '1', GATEHOUSE_OCSP_MAX_SECONDS: '2', OCSP_RETRY_SECONDS: '0.2' };

let responder: TestResponder;
beforeAll(async () => {
  responder = await startTestResponder();
});
afterAll(async () => {
  await responder[Symbol.asyncDispose]();
});
beforeEach(() => {
  responder.questions.length = 0;
});

const newDevice = (issuer = root): TestCertificate => issuer.issueClient({ ocspUrl: responder.url });
const respond = (
  rest: Partial<Parameters<typeof statementOn>[2]> = {},
  device = newDevice(),
): TestCertificate => {
  responder.behaviour.answer = responding(root, () => statementOn(device, root, rest));
  return device;
};
const respondNothing = (): void => {
  responder.behaviour.answer = (_question, response) => void response.writeHead(503).end();
};
const secondsUntil = (instant: string): number => (Date.parse(instant) - Date.now()) / 1_000;

test.each([
  ['its nextUpdate', 10, 590, 601],
  ['the longest time allowed', 6_000, 3_590, 3_601],
  ['the shortest time allowed, without nextUpdate', undefined, 290, 301],
])('a verdict holds until %s', async (_title, minutes, least, most) => {
  await using ocsp = startVerdicts();
  const nextUpdate = minutes === undefined ? undefined : inMinutes(minutes);
  const reply = await ocsp.judge(respond({ nextUpdate }), root);
  expect(reply).toMatchObject({ status: 'good', source: 'ocsp' });
  expect(secondsUntil(reply.validUntil)).toBeGreaterThan(least);
  expect(secondsUntil(reply.validUntil)).toBeLessThanOrEqual(most);
});

test('one question is asked for all who want to know at once, and its answer is used again', async () => {
  await using ocsp = startVerdicts();
  const device = respond();
  await Promise.all(Array.from({ length: 30 }, () => ocsp.judge(device, root)));
  await ocsp.judge(device, root);
  expect(responder.questions).toHaveLength(1);
  expect(ocsp.metrics.verdictSources.of('shared')).toBe(29);
  expect(ocsp.metrics.verdictSources.of('cache')).toBe(1);
});

test('a revocation is known as soon as the verdict before it has ended', async () => {
  await using ocsp = startVerdicts(QUICK);
  const device = respond();
  expect(await ocsp.judge(device, root)).toMatchObject({ status: 'good' });
  respond(
    { status: 'revoked', revokedAt: new Date('2026-11-01T10:00:00Z'), revocationReason: 'keyCompromise' },
    device,
  );
  const reply = await eventually(async () => {
    const later = await ocsp.judge(device, root);
    expect(later.status).toBe('revoked');
    return later;
  });
  expect(reply).toMatchObject({
    revokedAt: '2026-11-01T10:00:00.000Z',
    reason: 'keyCompromise',
    serialNumber: device.certificate.serialNumber.toLowerCase(),
    source: 'ocsp',
  });
});

test.each([
  ['keyCompromise', 'revoked'],
  ['certificateHold', 'unknown'],
] as const)('revoked for %s and then no answer: %s', async (revocationReason, expected) => {
  await using ocsp = startVerdicts(QUICK);
  const device = respond({ status: 'revoked', revocationReason });
  const first = await ocsp.judge(device, root);
  expect(first.status).toBe('revoked');
  respondNothing();
  await eventually(async () => {
    const reply = await ocsp.judge(device, root);
    expect(responder.questions.length).toBeGreaterThan(1);
    expect(reply.status).toBe(expected);
  });
});

test('without an answer the next question waits, longer each time', async () => {
  await using ocsp = startVerdicts({
    ...QUICK,
    OCSP_BREAKER_MIN_CALLS: '1000',
    GATEHOUSE_OCSP_MAX_SECONDS: '60',
  });
  const device = newDevice();
  respondNothing();
  // How long each was is known no better than from when to when the answer may have been given.
  const pauses: { readonly least: number; readonly most: number }[] = [];
  await eventually(async () => {
    const asked = responder.questions.length;
    const askedAt = Date.now();
    const { validUntil } = await ocsp.judge(device, root);
    const most = (Date.parse(validUntil) - askedAt) / 1_000;
    if (responder.questions.length > asked) pauses.push({ least: secondsUntil(validUntil), most });
    expect(pauses.length).toBe(4);
  });
  const [first, second, , last] = pauses;
  expect(first?.least).toBeLessThanOrEqual(0.2);
  expect(second?.most).toBeGreaterThan(first?.least ?? 0);
  expect(last?.least).toBeLessThanOrEqual(1);
});

test('a certificate that names nobody is said to do so, and costs no question', async () => {
  await using ocsp = startVerdicts();
  const reply = await ocsp.judge(root.issueClient(), root);
  expect(reply).toMatchObject({
    status: 'unknown',
    reason: expect.stringMatching(/names no OCSP responder and no CRL/),
  });
  expect(secondsUntil(reply.validUntil)).toBeGreaterThan(3_590);
});

test('an issuer that is none gives no verdict, whatever its responder says', async () => {
  await using ocsp = startVerdicts();
  const impostor = TestAuthority.createRoot({ commonName: 'Device root' });
  const device = newDevice();
  responder.behaviour.answer = responding(impostor, () => statementOn(device, impostor));
  expect(await ocsp.judge(device, impostor)).toMatchObject({
    status: 'unknown',
    reason: expect.stringMatching(/not issued by the one that follows/),
  });
  expect(responder.questions).toHaveLength(0);
});

test('with the scope chain an intermediate that is revoked decides', async () => {
  await using ofIntermediates = await startTestResponder();
  await using ocsp = startVerdicts();
  const intermediate = root.createIntermediate({ ocspUrl: ofIntermediates.url });
  ofIntermediates.behaviour.answer = responding(root, () =>
    statementOn(intermediate, root, { status: 'revoked', revocationReason: 'cACompromise' }),
  );
  const device = newDevice(intermediate);
  responder.behaviour.answer = responding(intermediate, () => statementOn(device, intermediate));
  const chain = [device, intermediate, root].map(({ certificatePem }) => certificatePem);
  const judge = (scope: 'leaf' | 'chain') => ocsp.judgeChain({ gatewayId: 'gw-1', chain, scope });
  expect(await judge('leaf')).toMatchObject({ status: 'good' });
  expect(await judge('chain')).toMatchObject({
    status: 'revoked',
    reason: 'cACompromise',
    serialNumber: intermediate.certificate.serialNumber.toLowerCase(),
  });
});

test('hosts whose names hang take the places of the gateway whose certificates name them', async () => {
  const asked: string[] = [];
  const ends: (() => void)[] = [];
  const names = new NameLookUps((hostname) => {
    asked.push(hostname);
    return new Promise((_resolve, reject) => {
      ends.push(() => reject(new Error('no name server answers')));
    });
  }, 16);
  await using ocsp = startVerdicts({ OCSP_RESPONDER_TIMEOUT_MS: '100' }, undefined, names);
  const judge = (gatewayId: string, hostname: string) => {
    const device = root.issueClient({ ocspUrl: `http://${hostname}/` });
    const chain = [device, root].map(({ certificatePem }) => certificatePem);
    return ocsp.judgeChain({ gatewayId, chain, scope: 'leaf' });
  };
  const verdicts = await Promise.all([
    ...['a.test', 'b.test', 'c.test'].map((hostname) => judge('gw-1', hostname)),
    judge('gw-2', 'd.test'),
  ]);
  expect(verdicts.map(({ status }) => status)).toEqual(verdicts.map(() => 'unknown'));
  expect(asked).toEqual(['a.test', 'b.test', 'd.test']);
  while (ends.length > 0) {
    for (const end of ends.splice(0)) end();
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test('a chain that is none is refused', async () => {
  await using ocsp = startVerdicts();
  const chain = ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', root.certificatePem];
  await expect(ocsp.judgeChain({ gatewayId: 'gw-1', chain, scope: 'leaf' })).rejects.toMatchObject({
    code: 'OCSP_CHAIN_UNREADABLE',
  });
});

/** The levels of what is logged from now on. */
function logOf() {
  const levels: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      levels.push((JSON.parse(chunk.toString()) as { level: string }).level);
      done();
    },
  });
  return { levels, logger: createLogger('ocsp', 'info', sink) };
}

test('a dead responder is left alone for a moment, and is told of once', async () => {
  const { levels, logger } = logOf();
  await using dead = await startTestResponder((_question, response) => void response.writeHead(500).end());
  await using ocsp = startVerdicts({ OCSP_BREAKER_OPEN_MS: '60000' }, logger);
  const ask = () => ocsp.judge(root.issueClient({ ocspUrl: dead.url }), root);
  for (let asked = 0; asked < 20; asked += 1) {
    await ask();
  }
  expect(dead.questions.length).toBeLessThan(10);
  expect(ocsp.metrics.responderCalls.of('breaker-open')).toBe(20 - dead.questions.length);
  expect(levels).toEqual(['warn']);
  // Another host goes on being asked.
  expect(await ocsp.judge(respond(), root)).toMatchObject({ status: 'good' });
});

test('a responder that is well again is asked again, and that is told too', async () => {
  const { levels, logger } = logOf();
  await using ocsp = startVerdicts({ OCSP_BREAKER_OPEN_MS: '500' }, logger);
  respondNothing();
  while (levels.length === 0) await ocsp.judge(newDevice(), root);
  await eventually(async () => expect(await ocsp.judge(respond(), root)).toMatchObject({ status: 'good' }));
  expect(levels).toEqual(['warn', 'info']);
});

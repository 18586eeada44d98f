import { createLogger } from '@gatehouse/observability';
import { expect, test } from 'vitest';
import { ClientGone, DeviceRefused } from '../admission/admission.failures.ts';
import { AddressBanned } from '../admission/connect-limits.failures.ts';
import { EdgeMetrics } from '../observability/edge-metrics.ts';
import type { AttemptLaneParts } from './attempt-lane.ts';
import { AttemptRecorder } from './attempt-recorder.ts';

/** NATS answers nothing: each lane sends one batch, and the others wait. */
function newRecorder() {
  const metrics = new EdgeMetrics();
  const link = { isUp: true, onUp: () => undefined };
  const sent = new Map<string, number>();
  const publisher = { publish: (subject: string, payload: Uint8Array) => sent.set(subject, payload.length) };
  const logger = createLogger('edge', 'silent');
  const parts = { metrics, link, publisher, logger } as unknown as AttemptLaneParts;
  const settings = {
    edgeId: 'edge-1',
    runId: 'run',
    perAddress: { judged: 600, unidentified: 30 },
    strangersPerGateway: 50,
  };
  const recorder = new AttemptRecorder(settings, parts);
  const begin = (remoteAddress: string, gatewayId = 'gw-1') => {
    const attempt = recorder.begin(gatewayId, 1, remoteAddress);
    attempt.connect = { clientId: 'c', username: 'u', protocolVersion: 4 } as typeof attempt.connect;
    return attempt;
  };
  return {
    recorder,
    begin,
    notRecorded: (outcome = 'refused') => metrics.attemptsNotRecorded.of(outcome),
    sent: async () => {
      await recorder.flush(AbortSignal.abort());
      return sent;
    },
  };
}
const elsewhere = (index: number): string => `2001:db8:0:${index.toString(16)}::1`;

const session = { productKey: 'p', deviceName: 'pump', number: 1, clientId: 'c', protocolVersion: 4 };

test('refusals of many addresses that no device came from are recorded up to the limit of the gateway', () => {
  const { recorder, begin, notRecorded } = newRecorder();
  const wrong = new DeviceRefused('wrong-password');
  recorder.admitted(begin('192.0.2.1'), session, 0);
  for (let index = 0; index < 200; index += 1) {
    recorder.failed(begin(elsewhere(index)), wrong);
  }
  expect(notRecorded()).toBe(150);
  // Neither a device beside it nor another gateway loses its records.
  recorder.failed(begin('192.0.2.1'), wrong);
  recorder.failed(begin('2001:db8::1', 'gw-2'), wrong);
  expect(notRecorded()).toBe(150);
});

test('who is turned away unasked is recorded as seldom as who never came to a CONNECT', () => {
  const { recorder, begin, notRecorded } = newRecorder();
  for (let index = 0; index < 40; index += 1) {
    recorder.failed(begin('192.0.2.1'), new AddressBanned('later'));
  }
  expect(notRecorded()).toBe(10);
});

test('who sends CONNECT and leaves was not judged, takes no place of those who were, and is bounded too', async () => {
  const { recorder, begin, notRecorded, sent } = newRecorder();
  for (let index = 0; index < 200; index += 1) recorder.failed(begin(elsewhere(index)), new ClientGone());
  expect(notRecorded('failed')).toBe(150);
  recorder.failed(begin(elsewhere(0)), new DeviceRefused('wrong-password'));
  expect(notRecorded()).toBe(0);
  const bytes = await sent();
  expect(bytes.get('connection-attempts.v1.unidentified')).toBeGreaterThan(5_000);
  expect(bytes.get('connection-attempts.v1.unidentified')).toBeLessThan(6_200);
  expect(bytes.get('connection-attempts.v1.judged')).toBeLessThan(2_000);
});

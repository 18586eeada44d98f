import { connectionAttempt } from '@gatehouse/contracts';
import type { ConnectPacket } from '@gatehouse/mqtt';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClientGone, DeviceRefused } from '../admission/admission.failures.ts';
import { ConnectTimedOut } from '../connection/connection.failures.ts';
import { Attempt } from './attempt.ts';
import { attemptProblem } from './attempt-problem.ts';
import { admittedAttempt, failedAttempt } from './attempt-record.ts';

const step = fc.record({
  name: fc.string({ maxLength: 100 }),
  outcome: fc.string({ maxLength: 100 }),
  milliseconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
  detail: fc.string({ maxLength: 2_000 }),
});
const connect = fc.record({
  clientId: fc.string({ unit: 'binary', maxLength: 3_000 }),
  username: fc.option(fc.string({ unit: 'binary', maxLength: 3_000 }), { nil: undefined }),
  protocolVersion: fc.constantFrom(3, 4, 5),
});

test('whatever a client sends, its record keeps to the contract', () => {
  fc.assert(
    fc.property(
      fc.option(connect, { nil: undefined }),
      fc.array(step, { maxLength: 60 }),
      (packet, steps) => {
        const attempt = new Attempt('a-1', 'gw-1', 1, '192.0.2.1');
        attempt.connect = packet as ConnectPacket | undefined;
        attempt.addSteps(steps);
        const verdict = {
          outcome: 'refused',
          problem: attemptProblem(new DeviceRefused('wrong-password')),
          connackCode: 5,
        } as const;
        const failed = failedAttempt(attempt, 'edge-1', verdict, 3);
        expect(connectionAttempt.parse(JSON.parse(JSON.stringify(failed)))).toEqual(failed);

        const admitted = {
          id: attempt.id,
          startedAtMs: attempt.startedAtMs,
          milliseconds: attempt.milliseconds,
          connackCode: 0,
          tls: undefined,
          certificate: undefined,
          username: packet?.username,
        };
        const session = {
          productKey: 'a1',
          deviceName: 'pump-1',
          number: 7,
          clientId: packet?.clientId ?? '',
          protocolVersion: 5,
        };
        const record = admittedAttempt(
          { admitted, session, gatewayId: 'gw-1', remoteAddress: '192.0.2.1', edgeId: 'edge-1' },
          { steps: attempt.steps, notRecorded: 0, closed: null },
        );
        expect(connectionAttempt.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
      },
    ),
  );
});

test('a failure is known by its reason, or by a word made of its code', () => {
  expect(
    [new DeviceRefused('device-disabled'), new ClientGone(), new ConnectTimedOut(1)].map(attemptProblem),
  ).toEqual([
    { code: 'EDGE_DEVICE_REFUSED', reason: 'device-disabled', message: expect.stringContaining('enable it') },
    { code: 'EDGE_CLIENT_GONE', reason: 'client-gone', message: expect.any(String) },
    { code: 'EDGE_CONNECT_TIMED_OUT', reason: 'connect-timed-out', message: expect.any(String) },
  ]);
});

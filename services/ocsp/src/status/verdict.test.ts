import { certificateStatus } from '@gatehouse/contracts';
import { expect, test } from 'vitest';
import { chainVerdict, statusReply, type Verdict } from './verdict.ts';

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 22, 10, minute));
const good = (minute: number): Verdict => ({ status: 'good', source: 'ocsp', validUntil: at(minute) });
const unknown = (minute: number): Verdict => ({
  status: 'unknown',
  reason: 'no answer',
  validUntil: at(minute),
});
const revoked = (minute: number): Verdict => ({
  status: 'revoked',
  source: 'crl',
  revokedAt: at(0),
  reason: undefined,
  serialNumber: '0a',
  validUntil: at(minute),
});

test.each<readonly [string, readonly [Verdict, ...Verdict[]], Verdict]>([
  ['all are good: as long as the shortest', [good(9), good(3), good(7)], good(3)],
  ['one is revoked', [good(1), unknown(2), revoked(9)], revoked(9)],
  ['nobody knows one: until the first changes', [good(9), unknown(5), good(2)], unknown(2)],
  ['there is one', [good(4)], good(4)],
])('the verdict on a chain when %s', (_title, verdicts, expected) => {
  expect(chainVerdict(verdicts)).toEqual(expected);
  const reply = statusReply(expected);
  expect(certificateStatus.reply.parse(reply)).toEqual(reply);
});

import { parsingFailureView, parsingFailureSubject } from '@gatehouse/contracts';
import { headers } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { failureViewOf } from './stored-failure.ts';

const time = new Date('2026-01-01T00:00:01.000Z');
const headersOf = (fields: Readonly<Record<string, string>>) => {
  const made = headers();
  for (const [name, value] of Object.entries(fields)) made.set(name, value);
  return made;
};

test('a stored failure is shown with the message and its error', () => {
  const view = failureViewOf({
    subject: parsingFailureSubject('a1product', 'pump.7', '26002'),
    data: Uint8Array.of(1, 255),
    time,
    header: headersOf({
      'Gatehouse-Message-Id': 'b-1',
      'Gatehouse-Topic': 'up/ä b',
      'Gatehouse-Qos': '1',
      'Gatehouse-Time': '2026-01-01T00:00:00.000Z',
      'Gatehouse-Script-Version': '3',
      'Gatehouse-Parsing-Error': '26002',
      'Gatehouse-Parsing-Error-Message': 'too hot',
      'Gatehouse-Parsing-Error-Line': '2',
      'Gatehouse-Parsing-Error-Column': '7',
    }),
  });
  expect(parsingFailureView.parse(view)).toEqual({
    messageId: 'b-1',
    deviceName: 'pump.7',
    topic: 'up/ä b',
    qos: 1,
    time: '2026-01-01T00:00:00.000Z',
    payload: 'Af8=',
    scriptVersion: 3,
    error: { code: '26002', message: 'too hot', line: 2, column: 7 },
  });
});

test('what is not known of it is null, and its time that of the stream', () => {
  const subject = parsingFailureSubject('a1product', 'pump', '26001');
  const view = failureViewOf({ subject, data: new Uint8Array(), time, header: headersOf({}) });
  expect(parsingFailureView.parse(view)).toMatchObject({
    time: time.toISOString(),
    payload: '',
    scriptVersion: null,
    error: { code: '26001', line: null, column: null },
  });
});

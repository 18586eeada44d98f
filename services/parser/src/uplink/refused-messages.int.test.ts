import { MESSAGES_STREAM } from '@gatehouse/contracts';
import { eventually } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { startSurroundings, text } from '../testing/parser-under-test.ts';

test('a message with more properties than NATS takes headers fails by itself', async () => {
  await using around = await startSurroundings();
  const parser = await around.startParser();
  const seen = await around.watched();
  const userProperties = Array.from({ length: 3_000 }, () => ['', ''] as const);
  const batchId = await around.publish([
    { deviceName: 'pump', payload: Buffer.from('1') },
    { deviceName: 'pump', properties: { userProperties } },
    { deviceName: 'pump', payload: Buffer.from('3') },
  ]);
  expect((await around.messages(2)).map(text)).toEqual(['1', '3']);
  await around.uplinkIsEmpty();
  await eventually(() => expect(seen).toHaveLength(3));
  expect(seen[1]).toMatchObject({
    messageId: `${batchId}-1`,
    outcome: 'failed',
    error: { code: 'PARSER_MESSAGE_TOO_LARGE' },
  });
  const metrics = await (await fetch(parser.metricsUrl)).text();
  expect(metrics).toMatch(/script_failures_total\{code="PARSER_MESSAGE_TOO_LARGE"[^}]*\} 1/);
  expect(metrics).toMatch(/gatehouse_parser_messages_total\{outcome="failed"[^}]*\} 1/);
});

test('a message that the stream refuses for good is found and fails by itself', async () => {
  await using around = await startSurroundings();
  const parser = await around.startParser();
  const seen = await around.watched();
  await around.manager.streams.update(MESSAGES_STREAM.name, { max_msg_size: 10_000 });
  await around.publish(
    ['1', '2'.repeat(20_000), '3', '4'].map((each) => ({ deviceName: 'pump', payload: Buffer.from(each) })),
  );
  expect((await around.messages(3)).map(text)).toEqual(['1', '3', '4']);
  await around.uplinkIsEmpty();
  await eventually(() =>
    expect(seen.filter(({ outcome }) => outcome === 'failed').map(({ error }) => error?.code)).toEqual([
      'PARSER_MESSAGE_REFUSED',
    ]),
  );
  const metrics = await (await fetch(parser.metricsUrl)).text();
  expect(metrics).toMatch(/gatehouse_parser_messages_total\{outcome="failed"[^}]*\} 1/);
  expect(metrics).toMatch(/gatehouse_parser_messages_total\{outcome="passed"[^}]*\} 3/);
});

import { eventually } from '@gatehouse/testing';
import { expect, test } from 'vitest';
import { MALFORMED_PRODUCT, script, startSurroundings, text } from '../testing/parser-under-test.ts';

test('a script that not even V8 can end costs the rest of its group and one restart', async () => {
  await using around = await startSurroundings();
  around.setScript(
    1,
    script('if (rawData[0] === 7) Array.prototype.sort.call({ length: 1e9 }); return { n: rawData[0] }'),
  );
  const parser = await around.startParser();
  const bytes = [1, ...Array.from({ length: 20 }, () => 7)];
  await around.publish(bytes.map((byte) => ({ deviceName: 'pump', payload: Uint8Array.of(byte) })));
  expect((await around.messages(1)).map(text)).toEqual(['{"n":1}']);
  expect(await parser.ended).toBe('SIGKILL');
  await around.uplinkIsEmpty();

  await around.startParser();
  await around.publish([{ deviceName: 'pump', payload: Uint8Array.of(3) }]);
  expect((await around.messages(2)).map(text)).toEqual(['{"n":1}', '{"n":3}']);
  await around.uplinkIsEmpty();
});

test('a product whose script loops does not hold up another product', async () => {
  await using around = await startSurroundings();
  around.setScript(1, script('for (;;);'), { productKey: 'a1loops' });
  around.setScript(1, script('return { n: rawData[0] }'));
  const parser = await around.startParser();
  await around.publish([{ deviceName: 'pump', payload: Uint8Array.of(1) }]);
  await around.messages(1);
  const messages = Array.from({ length: 100 }, () => ({ deviceName: 'mixer' }));
  for (let each = 0; each < 5; each += 1) await around.publish(messages, 'a1loops');

  await around.publish([{ deviceName: 'pump', payload: Uint8Array.of(2) }]);
  expect((await around.messages(2)).map(text)).toEqual(['{"n":1}', '{"n":2}']);
  await around.uplinkIsEmpty();
  // Three messages may loop until they are given up, on a slow machine a few more; all of them would take 25 s.
  const metrics = await (await fetch(parser.metricsUrl)).text();
  expect(metrics).toMatch(/gatehouse_parser_script_failures_total\{code="26010"[^}]*\} 49[4-7]/);
});

test('a product that the registry gives malformed answers for does not hold up another product', async () => {
  await using around = await startSurroundings();
  await around.startParser();
  const seen = await around.watched(MALFORMED_PRODUCT);
  await around.publish([{ deviceName: 'mixer' }], MALFORMED_PRODUCT);
  await around.publish([{ deviceName: 'pump', payload: Buffer.from('1') }]);
  expect((await around.messages(1)).map(text)).toEqual(['1']);
  await around.uplinkIsEmpty();
  await eventually(() => expect(seen[0]?.error?.code).toBe('PARSER_PARSING_UNKNOWN'));
});

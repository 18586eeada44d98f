import { encodeDownlink } from '@gatehouse/contracts';
import { callService } from '@gatehouse/nats';
import { expect, test } from 'vitest';
import { PRODUCT, startSurroundings } from '../testing/parser-under-test.ts';

test('JSON becomes bytes by the script in force, and what goes wrong is told', async () => {
  await using around = await startSurroundings();
  await around.startParser();
  const encode = (json: Record<string, unknown>, productKey = PRODUCT) =>
    callService(around.nats, encodeDownlink, { productKey, json });

  around.setScript(1, 'function protocolToRawData(json) { return [json.valve, -1] }');
  expect(await encode({ valve: 7 })).toEqual({ outcome: 'encoded', payload: 'B/8=' });
  expect(await encode({ valve: 'open' })).toEqual({
    outcome: 'failed',
    code: '26007',
    message: 'protocolToRawData returned "open" at index 0, not a byte (-128 to 255)',
  });
  expect(await encode({ valve: 7 }, 'a1other')).toEqual({ outcome: 'parsing-off' });

  around.setScript(2, '\nfunction protocolToRawData() { throw new Error("no valve") }');
  expect(await encode({})).toEqual({
    outcome: 'failed',
    code: '26002',
    message: 'Error: no valve',
    line: 2,
    column: 38,
  });

  around.setScript(3, undefined);
  expect(await encode({})).toMatchObject({ outcome: 'failed', code: '26001' });
});

import { expect, test } from 'vitest';
import type { ParsingRule, ProductParsings } from '../script/product-parsing.ts';
import { DownlinkEncoder } from './downlink-encoder.ts';

test('a product whose messages wait for their script leaves room for others', async () => {
  const { promise: known, resolve: tell } = Promise.withResolvers<ParsingRule>();
  const parsings: Pick<ProductParsings, 'ruleOf'> = { ruleOf: () => known };
  const encoder = new DownlinkEncoder(parsings as ProductParsings);
  const encode = (productKey: string) => encoder.encode({ productKey, json: {} });
  const waiting = Array.from({ length: 50 }, () => encode('slow'));

  expect(await encode('slow')).toEqual({ outcome: 'busy', waiting: 50 });
  waiting.push(encode('other'));
  tell({ kind: 'pass' });

  expect(new Set((await Promise.all(waiting)).map(({ outcome }) => outcome))).toEqual(
    new Set(['parsing-off']),
  );
  expect(await encode('slow')).toEqual({ outcome: 'parsing-off' });
});

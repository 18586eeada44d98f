import { expect, test } from 'vitest';
import { GatewayOutages } from './gateway-outages.ts';

test('a gateway is out after 20 without an answer in a row, until the first answer, and others are not', () => {
  const outages = new GatewayOutages();
  for (let count = 0; count < 19; count += 1) outages.unanswered('slow');
  expect(outages.isOut('slow')).toBe(false);
  outages.unanswered('slow');
  outages.unanswered('slow');
  expect([outages.isOut('slow'), outages.isOut('quick')]).toEqual([true, false]);
  outages.answered('slow');
  for (let count = 0; count < 19; count += 1) outages.unanswered('slow');
  expect(outages.isOut('slow')).toBe(false);
});

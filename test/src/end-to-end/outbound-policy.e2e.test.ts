import { afterAll, beforeAll, expect, test } from 'vitest';
import { connackOf } from '../connack-of.ts';
import { attemptOf } from '../connection-attempts.ts';
import {
  RIGHT_PASSWORD,
  startCustomerAuthenticator,
  type CustomerAuthenticator,
} from '../customer-authenticator.ts';
import { RunningGatehouse } from '../running-gatehouse.ts';
import { TestGateways } from '../test-gateways.ts';

let gatehouse: RunningGatehouse;
let gateways: TestGateways;
let authenticator: CustomerAuthenticator;

beforeAll(async () => {
  authenticator = await startCustomerAuthenticator();
  // The operator allows nothing.
  gatehouse = await RunningGatehouse.start();
  gateways = await TestGateways.of(gatehouse);
});
afterAll(async () => {
  await gatehouse[Symbol.asyncDispose]();
  await authenticator[Symbol.asyncDispose]();
});

const FORBIDDEN = /no address that may be called|loopback|metadata|private/;

const urls = [
  ['a metadata service', () => 'https://169.254.169.254/latest/meta-data/'],
  ['the metadata service of Alibaba Cloud', () => 'https://100.100.100.200/'],
  ['an address of this machine', () => authenticator.origin],
  ['the same, written otherwise', () => authenticator.origin.replace('127.0.0.1', '2130706433')],
  ['the same in IPv6', () => authenticator.origin.replace('127.0.0.1', '[::ffff:127.0.0.1]')],
  ['loopback of IPv6', () => authenticator.origin.replace('127.0.0.1', '[::1]')],
  ['a name that resolves to loopback', () => authenticator.origin.replace('127.0.0.1', 'localhost')],
  ['a private address', () => 'https://10.0.0.1/'],
] as const;

test.each(urls)('%s is not called, and whoever asks learns why', async (what, urlOf) => {
  const index = urls.findIndex(([each]) => each === what);
  const authentication = authenticator.target({ url: urlOf() });
  const gateway = await gateways.open(`outbound_${index}`, { authentication });

  const body = { username: 'UN001', password: RIGHT_PASSWORD };
  const tested = await gatehouse.api('POST', `${gateway.path}:test-authentication`, body);
  expect(tested).toMatchObject({
    status: 200,
    body: {
      outcome: 'refused',
      reason: 'authenticator-unavailable',
      sent: null,
      received: null,
      message: expect.stringMatching(FORBIDDEN),
    },
  });

  const username = `pump-${index}`;
  const connect = { protocolVersion: 5, username, password: Buffer.from(RIGHT_PASSWORD) } as const;
  expect(await connackOf(gateway.address, connect)).toMatchObject({ code: 0x88 });
  const attempt = await attemptOf(gatehouse, { username });
  expect(attempt).toMatchObject({ outcome: 'refused', reason: 'authenticator-unavailable' });
  expect(attempt.steps.find(({ name }) => name === 'authenticator')?.detail).toMatch(FORBIDDEN);
  expect(authenticator.requests).toEqual([]);
});

test('http and credentials in a URL are refused when the gateway is made', async () => {
  for (const url of ['http://127.0.0.1/', 'https://user:pass@example.com/']) {
    const authentication = authenticator.target({ url });
    await expect(gateways.create('refused_url', { authentication })).rejects.toThrow(/"status":400/);
  }
});

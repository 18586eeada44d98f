import type { ConnectPacket } from '@gatehouse/mqtt';
import { expect, test } from 'vitest';
import { checkTerms } from './connect-terms.ts';

const connect: ConnectPacket = {
  type: 'connect',
  protocolVersion: 5,
  clientId: 'c',
  cleanStart: true,
  keepAliveSeconds: 60,
  properties: {},
};
const anyKeepAlive = { keepAlive: null };
const userProperties = (count: number): ConnectPacket['properties'] => ({
  userProperties: Array.from({ length: count }, (): [string, string] => ['k', 'v'.repeat(250)]),
});

test.each<[string, Partial<ConnectPacket>, number, string]>([
  ['client identifier', { clientId: 'é'.repeat(513) }, 0x85, 'EDGE_CLIENT_IDENTIFIER_REFUSED'],
  ['user name', { username: 'é'.repeat(513) }, 0x86, 'EDGE_CREDENTIALS_TOO_LONG'],
  ['password', { username: 'u', password: Buffer.alloc(1_025) }, 0x86, 'EDGE_CREDENTIALS_TOO_LONG'],
  ['list of user properties', { properties: userProperties(65) }, 0x95, 'EDGE_CONNECT_PROPERTIES_TOO_LARGE'],
])('a %s that is too long is refused', (_name, changes, reasonCode, code) => {
  expect(() => checkTerms({ ...connect, ...changes }, anyKeepAlive)).toThrow(
    expect.objectContaining({ reasonCode, code }),
  );
});

test('terms at the limits are taken', () => {
  checkTerms(
    {
      ...connect,
      clientId: 'é'.repeat(512),
      username: 'u'.repeat(1_024),
      password: Buffer.alloc(1_024),
      properties: userProperties(64),
    },
    anyKeepAlive,
  );
});

test.each([29, 1_201, 0])(
  'a keep alive of %i s is refused by a gateway that takes 30 to 1,200 s',
  (keepAliveSeconds) => {
    const limits = { keepAlive: { minSeconds: 30, maxSeconds: 1_200 } };
    checkTerms({ ...connect, keepAliveSeconds: 30 }, limits);
    checkTerms({ ...connect, keepAliveSeconds: 1_200 }, limits);
    expect(() => checkTerms({ ...connect, keepAliveSeconds }, limits)).toThrow(
      expect.objectContaining({ reasonCode: 0x82, code: 'EDGE_KEEP_ALIVE_OUT_OF_RANGE' }),
    );
  },
);

import { expect, test } from 'vitest';
import { sessionIdContext, ticketKey } from './ticket-keys.ts';

const secret = Buffer.alloc(32, 7);
const gateway = { gatewayId: 'gw-1', admissionVersion: 1, deviceRootCertificate: 'root' };

test('a key has 48 bytes and is the same wherever it is derived', () => {
  expect(ticketKey(secret, gateway)).toEqual(ticketKey(Buffer.from(secret), { ...gateway }));
  expect(ticketKey(secret, gateway)).toHaveLength(48);
});

test('another secret, gateway, admission version or device root makes another key and another context', () => {
  const others = [
    { ...gateway, gatewayId: 'gw-2' },
    { ...gateway, admissionVersion: 2 },
    { ...gateway, deviceRootCertificate: 'another' },
    { ...gateway, deviceRootCertificate: null },
  ];
  const keys = [gateway, ...others].map((each) => ticketKey(secret, each).toString('hex'));
  keys.push(ticketKey(Buffer.alloc(32, 8), gateway).toString('hex'));
  expect(new Set(keys).size).toBe(6);
  expect(new Set([gateway, ...others].map(sessionIdContext)).size).toBe(5);
  // OpenSSL takes no more (SSL_MAX_SID_CTX_LENGTH).
  expect(sessionIdContext(gateway)).toHaveLength(32);
});

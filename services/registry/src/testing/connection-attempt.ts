import type { ConnectionAttempt } from '@gatehouse/contracts';

/** A refused attempt of the device `pump-7`, unless told otherwise. */
export function attemptOf(
  more: Partial<ConnectionAttempt> & { readonly attemptId: string },
): ConnectionAttempt {
  return {
    gatewayId: 'gw-abcdefghij',
    edgeId: 'e1',
    remoteAddress: '192.0.2.7',
    startedAt: '2026-11-22T00:00:00.000Z',
    milliseconds: 12.5,
    outcome: 'refused',
    code: 'EDGE_DEVICE_REFUSED',
    reason: 'wrong-password',
    message: 'user name or password is wrong',
    connackCode: 5,
    tls: {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      serverName: null,
      isResumed: false,
      failure: null,
    },
    certificate: null,
    clientId: 'client-7',
    username: 'pump-7',
    protocolVersion: 4,
    productKey: null,
    deviceName: null,
    session: null,
    steps: [
      { name: 'tls-handshake', outcome: 'ok', milliseconds: 8 },
      { name: 'credential-lookup', outcome: 'refused', milliseconds: 2 },
    ],
    notRecorded: 0,
    closed: null,
    ...more,
  };
}

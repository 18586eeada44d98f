import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { createCertificateAuthority, type CertificateAuthority } from '@gatehouse/pki';
import { AllowList } from '../allow-list.ts';
import { NameLookUps } from '../name-look-ups.ts';
import { OutboundClient, type OutboundLimits, type OutboundRequest } from '../outbound-client.ts';
import { OutboundPolicy } from '../outbound-policy.ts';

const LOOK_UP_PLACES = 16;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

interface ReceivedRequest {
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
  readonly url: string | undefined;
}

export const authority = await createCertificateAuthority('Test CA');
/** Whom nobody trusts. */
export const stranger = await createCertificateAuthority('Stranger CA');

export const portOf = (server: TcpServer): number => (server.address() as AddressInfo).port;

interface ServerOptions {
  readonly issuer?: CertificateAuthority;
  readonly host?: string;
  readonly port?: number;
  /** Until its certificate expires. */
  readonly days?: number;
}

export async function startServer({
  issuer = authority,
  host = '127.0.0.1',
  port = 0,
  days = 1,
}: ServerOptions = {}): Promise<Server> {
  const { certificatePem, privateKeyPem } = await issuer.issueServerCertificate({
    commonName: 'auth.test',
    dnsNames: ['auth.test', 'other.test'],
    ipAddresses: ['127.0.0.1', '127.0.0.2'],
    days,
  });
  const server = createServer({ cert: certificatePem, key: privateKeyPem, keepAlive: true });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

/**
 * HTTPS servers on two machines, auth.test and other.test, of which the operator allows the first and not the
 * second, and a client that asks them.
 */
export async function startCustomerServers() {
  const allowed = await startServer();
  const port = portOf(allowed);
  const forbidden = await startServer({ host: '127.0.0.2', port });
  const requests: ReceivedRequest[] = [];
  const connections: Socket[] = [];
  const at = {
    port,
    /** What the allowed server does with a request that it has read. */
    answer: ((_request, response) => void response.end('fine')) as Answer,
    /** What the name server says at this moment. */
    addresses: { 'auth.test': ['127.0.0.1'], 'other.test': ['127.0.0.2'] } as Record<
      string,
      string[] | 'nothing'
    >,
    /** Of the allowed server. */
    requests,
    connections,
    reachedForbidden: 0,
    clientWith,
    ask,
    async [Symbol.asyncDispose]() {
      for (const server of [forbidden, allowed]) {
        server.closeAllConnections();
        server.close();
      }
      await client.close();
    },
  };
  const names = new NameLookUps(addressesOf, LOOK_UP_PLACES);
  const client = clientWith();

  function clientWith(limits: Partial<OutboundLimits> = {}, asker = ''): OutboundClient {
    const policy = new OutboundPolicy({ allow: AllowList.parse('127.0.0.1'), allowLoopback: false });
    return new OutboundClient(policy, { limits, names, asker });
  }

  async function addressesOf(hostname: string) {
    const known = at.addresses[hostname];
    if (known === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    if (known === 'nothing') return new Promise<never>(() => undefined);
    return known.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  }

  function ask(overrides: Partial<OutboundRequest> = {}, by = client) {
    return by.request({
      method: 'POST',
      url: `https://auth.test:${port}/verify?key=hidden`,
      body: 'question',
      caCertificate: authority.certificatePem,
      timeoutMs: 20_000,
      maxResponseBytes: 1_000,
      ...overrides,
    });
  }

  allowed.on('secureConnection', (socket: Socket) => connections.push(socket));
  allowed.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ body: Buffer.concat(chunks).toString(), headers: request.headers, url: request.url });
      at.answer(request, response);
    });
  });
  forbidden.on('connection', () => (at.reachedForbidden += 1));
  forbidden.on('request', (_request, response: ServerResponse) => response.end('secret'));
  return at;
}

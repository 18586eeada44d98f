import { once } from 'node:events';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificateAuthority } from '@gatehouse/pki';

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
export type Responder = (request: ReceivedRequest, response: ServerResponse) => void;

export interface HttpsServer extends AsyncDisposable {
  /** `https://127.0.0.1:<port>` */
  readonly origin: string;
  /** Of an authority that nobody else has; PEM. */
  readonly caCertificate: string;
  /** All of them, in the order of their arrival. */
  readonly requests: ReceivedRequest[];
}

/** A customer's HTTPS server, with a certificate for 127.0.0.1. */
export async function startHttpsServer(respond: Responder): Promise<HttpsServer> {
  const authority = await createCertificateAuthority('Authority of a customer');
  const { certificatePem, privateKeyPem } = await authority.issueServerCertificate({
    commonName: 'customer',
    ipAddresses: ['127.0.0.1'],
  });
  const requests: ReceivedRequest[] = [];
  const server = createServer({ cert: certificatePem, key: privateKeyPem }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const received: ReceivedRequest = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      requests.push(received);
      respond(received, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caCertificate: authority.certificatePem,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

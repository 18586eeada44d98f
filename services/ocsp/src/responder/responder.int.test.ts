import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { answerOcspRequest, getCertificateRevocationList } from '@gatehouse/contracts';
import { connectNats } from '@gatehouse/nats';
import { createLogger } from '@gatehouse/observability';
import { AllowList } from '@gatehouse/outbound';
import {
  buildOcspRequest,
  readOcspRequest,
  readOcspResponse,
  readRevocationList,
  signOcspResponse,
  signRevocationList,
  TestAuthority,
} from '@gatehouse/pki';
import { startTestNats } from '@gatehouse/testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { fastify } from 'fastify';
import { opensslProgram } from '@gatehouse/local-servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AuthorityAnswers } from './authority-answers.ts';
import { ClientRate } from './client-rate.ts';
import { ResponderMetrics } from './responder-metrics.ts';
import { responderRoutes } from './responder-routes.ts';

const run = promisify(execFile);
const ID = 'ca-mfzwizltoq';
const root = TestAuthority.createRoot();
const device = root.issueClient({ commonName: 'meter-1' });
const revoked = root.issueClient({ commonName: 'meter-2' });
const question = { certificate: device.certificate, issuer: root.certificate };
const running = new AsyncDisposableStack();
let url: string;
let directory: string;
let nats: NatsConnection;
let registry: NatsConnection;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gatehouse-responder-'));
  running.defer(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'root.pem'), root.certificatePem);
  await writeFile(join(directory, 'device.pem'), device.certificatePem);
  await writeFile(join(directory, 'revoked.pem'), revoked.certificatePem);
  const server = running.use(await startTestNats());
  nats = await connectNats(server.url, 'ocsp');
  running.defer(() => nats.close());
  registry = await connectNats(server.url, 'registry');
  running.defer(() => registry.close());
  serveAsRegistry(registry);
  await registry.flush();
  url = await listen(new AuthorityAnswers(nats, { callsAtOnce: 8 }, createLogger('ocsp', 'silent')));
});
afterAll(() => running.disposeAsync());

async function listen(answers: AuthorityAnswers, perMinute = 0): Promise<string> {
  const http = fastify();
  running.defer(() => http.close());
  await http.register(responderRoutes, {
    answers,
    metrics: new ResponderMetrics(),
    rate: new ClientRate({ perMinute, unlimited: AllowList.parse('') }),
  });
  return http.listen({ host: '127.0.0.1', port: 0 });
}

/** The two subjects of the registry, with a key of its own. */
function serveAsRegistry(connection: NatsConnection): void {
  connection.subscribe(answerOcspRequest.subject, {
    callback: (_error, message) => {
      const { authorityId, request } = answerOcspRequest.request.parse(message.json());
      if (authorityId !== ID) {
        message.respond(JSON.stringify({ outcome: 'unknown-authority' }));
        return;
      }
      const { certificateIds, nonce } = readOcspRequest(Buffer.from(request, 'base64'));
      const now = new Date();
      const der = signOcspResponse(root.responder, {
        producedAt: now,
        ...(nonce === null ? {} : { nonce }),
        statements: certificateIds.map((certificateId) => ({
          certificateId,
          status:
            certificateId.serialNumber === revoked.certificate.serialNumber.toLowerCase()
              ? 'revoked'
              : 'good',
          thisUpdate: now,
          nextUpdate: new Date(now.getTime() + 3_600_000),
        })),
      });
      const response = Buffer.from(der).toString('base64');
      message.respond(JSON.stringify({ outcome: 'answered', response, maxAgeSeconds: 3_600 }));
    },
  });
  const nextUpdate = new Date(Date.now() + 3_600_000);
  const der = signRevocationList(root, { number: 1, thisUpdate: new Date(), nextUpdate, entries: [] });
  const crl = Buffer.from(der).toString('base64');
  connection.subscribe(getCertificateRevocationList.subject, {
    callback: (_error, message) => {
      const { authorityId } = getCertificateRevocationList.request.parse(message.json());
      const found = { outcome: 'found', crl, nextUpdate: nextUpdate.toISOString() };
      message.respond(JSON.stringify(authorityId === ID ? found : { outcome: 'unknown-authority' }));
    },
  });
}

const statusOf = async (response: Response): Promise<string> =>
  readOcspResponse(new Uint8Array(await response.arrayBuffer())).status;

const post = (authorityId: string, body: Uint8Array<ArrayBuffer>, type = 'application/ocsp-request') =>
  fetch(`${url}/ocsp/${authorityId}`, { method: 'POST', body, headers: { 'content-type': type } });

test.each([
  ['device.pem', 'good'],
  ['revoked.pem', 'revoked'],
])('openssl asks about %s, with a nonce, and verifies that it is %s', async (file, status) => {
  const { command, environment: env } = await opensslProgram();
  const { stdout, stderr } = await run(
    command,
    ['ocsp', '-issuer', 'root.pem', '-cert', file, '-CAfile', 'root.pem', '-url', `${url}/ocsp/${ID}`],
    { cwd: directory, env, timeout: 20_000 },
  );
  expect(stdout + stderr).toContain('Response verify OK');
  expect(stdout).toContain(`${file}: ${status}`);
  expect(stdout + stderr).not.toMatch(/nonce/i);
});

test.each([
  ['escaped', (text: string) => encodeURIComponent(text)],
  ['as it is', (text: string) => text],
])('a GET with the request in its path, %s, is answered for caches', async (_how, inPath) => {
  // Until there is a slash in it, which a router could take for its own.
  let request = '';
  for (let tries = 0; !request.includes('/') && tries < 200; tries += 1) {
    const { certificate } = root.issueClient();
    request = Buffer.from(buildOcspRequest({ ...question, certificate })).toString('base64');
  }
  const path = `${url}/ocsp/${ID}/${inPath(request)}`;
  const response = await fetch(path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/ocsp-response');
  expect(response.headers.get('cache-control')).toMatch(/^max-age=3600, public/);
  expect(await statusOf(response)).toBe('successful');
});

test('what a cache has already is not sent again', async () => {
  const first = await fetch(`${url}/crl/${ID}`);
  expect(first.headers.get('content-type')).toBe('application/pkix-crl');
  expect(first.headers.get('cache-control')).toMatch(/^max-age=3[56]\d\d, public/);
  expect(readRevocationList(new Uint8Array(await first.arrayBuffer())).number).toBe('01');
  const etag = first.headers.get('etag') ?? '';
  const second = await fetch(`${url}/crl/${ID}`, { headers: { 'if-none-match': etag } });
  expect(second.status).toBe(304);
});

test('a POST is answered for whoever asked and nobody else', async () => {
  const response = await post(ID, buildOcspRequest(question));
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await statusOf(response)).toBe('successful');
});

test('what is no request, of nobody, or too large is refused', async () => {
  expect(await statusOf(await fetch(`${url}/ocsp/${ID}/!!`))).toBe('malformedRequest');
  expect(await statusOf(await post('ca-nobody', buildOcspRequest(question)))).toBe('unauthorized');
  expect(await statusOf(await post('..%2f', buildOcspRequest(question)))).toBe('unauthorized');
  expect((await fetch(`${url}/crl/ca-nobody`)).status).toBe(404);
  expect((await post(ID, new Uint8Array(16_385))).status).toBe(413);
  expect((await post(ID, buildOcspRequest(question), 'text/plain')).status).toBe(415);
});

test('a client that asks too often is told to come back later, for lists by HTTP', async () => {
  const answers = new AuthorityAnswers(nats, { callsAtOnce: 8 }, createLogger('ocsp', 'silent'));
  const limited = await listen(answers, 2);
  const ask = (): Promise<Response> =>
    fetch(`${limited}/ocsp/${ID}`, {
      method: 'POST',
      body: buildOcspRequest(question),
      headers: { 'content-type': 'application/ocsp-request' },
    });
  expect([await statusOf(await ask()), await statusOf(await ask())]).toEqual(['successful', 'successful']);
  const refused = await ask();
  expect(refused.headers.get('retry-after')).toBe('60');
  expect(await statusOf(refused)).toBe('tryLater');
  expect((await fetch(`${limited}/crl/${ID}`)).status).toBe(429);
});

test('while the registry cannot be asked, or is asked too much, clients are told to try later', async () => {
  const elsewhere = await listen(
    new AuthorityAnswers(nats, { callsAtOnce: 0 }, createLogger('ocsp', 'silent')),
  );
  const body = buildOcspRequest(question);
  const headers = { 'content-type': 'application/ocsp-request' };
  expect(await statusOf(await fetch(`${elsewhere}/ocsp/${ID}`, { method: 'POST', body, headers }))).toBe(
    'tryLater',
  );
  expect((await fetch(`${elsewhere}/crl/${ID}`)).status).toBe(503);
  await using server = await startTestNats();
  await using lonely = await connectNats(server.url, 'ocsp');
  const alone = await listen(
    new AuthorityAnswers(lonely, { callsAtOnce: 8 }, createLogger('ocsp', 'silent')),
  );
  const silent = await fetch(`${alone}/ocsp/${ID}`, { method: 'POST', body, headers });
  expect(silent.headers.get('cache-control')).toBe('no-store');
  expect(await statusOf(silent)).toBe('tryLater');
});

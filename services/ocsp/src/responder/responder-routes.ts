import { createHash } from 'node:crypto';
import { OCSP_REQUEST_MAX_BYTES, ocspRefusal } from '@gatehouse/pki';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AuthorityAnswers } from './authority-answers.ts';
import type { ClientRate } from './client-rate.ts';
import type { ResponderMetrics, ResponderOutcome } from './responder-metrics.ts';

export interface ResponderParts {
  readonly answers: Pick<AuthorityAnswers, 'ocsp' | 'revocationList'>;
  readonly metrics: ResponderMetrics;
  readonly rate: Pick<ClientRate, 'admits'>;
}

const OCSP_REQUEST = 'application/ocsp-request';
const OCSP_RESPONSE = 'application/ocsp-response';
const REVOCATION_LIST = 'application/pkix-crl';
const RETRY_AFTER_SECONDS = 60;
const AUTHORITY_ID = /^[a-z0-9-]{1,64}$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** Four thirds of the largest request. */
const MAX_BASE64_CHARACTERS = Math.ceil(OCSP_REQUEST_MAX_BYTES / 3) * 4;

type OfAuthority = { readonly Params: { readonly authorityId: string } };
type InPath = { readonly Params: { readonly authorityId: string; readonly '*': string } };

/**
 * The responder of our own authorities, for anybody: POST and GET of OCSP (RFC 6960 §A.1), GET of the revocation
 * list. What it says is signed, so nobody needs an API key and plain HTTP will do.
 */
export async function responderRoutes(http: FastifyInstance, parts: ResponderParts): Promise<void> {
  const { answers, metrics, rate } = parts;
  http.removeAllContentTypeParsers();
  http.addContentTypeParser(
    OCSP_REQUEST,
    { parseAs: 'buffer', bodyLimit: OCSP_REQUEST_MAX_BYTES },
    (_request, body, done) => done(null, body),
  );

  const answerOcsp = async (
    { params, ip }: FastifyRequest<OfAuthority>,
    reply: FastifyReply,
    { request, isCacheable }: { readonly request: Uint8Array | null; readonly isCacheable: boolean },
  ): Promise<FastifyReply> => {
    reply.type(OCSP_RESPONSE);
    const refuse = (outcome: ResponderOutcome, der: Uint8Array): FastifyReply => {
      metrics.requests.add(outcome);
      return reply.header('cache-control', 'no-store').send(Buffer.from(der));
    };
    if (!rate.admits(ip, performance.now())) {
      reply.header('retry-after', RETRY_AFTER_SECONDS);
      return refuse('rate-limited', ocspRefusal('tryLater'));
    }
    if (request === null) return refuse('malformed', ocspRefusal('malformedRequest'));
    if (!AUTHORITY_ID.test(params.authorityId))
      return refuse('unknown-authority', ocspRefusal('unauthorized'));
    const answer = await answers.ocsp(params.authorityId, request);
    if (answer === 'busy' || answer === 'registry-unavailable')
      return refuse(answer, ocspRefusal('tryLater'));
    if (answer.outcome === 'unknown-authority') {
      return refuse('unknown-authority', ocspRefusal('unauthorized'));
    }
    const body = Buffer.from(answer.response, 'base64');
    return sendCached(reply, body, isCacheable ? answer.maxAgeSeconds : 0, metrics);
  };

  http.post<OfAuthority>('/ocsp/:authorityId', (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : null;
    return answerOcsp(request, reply, { request: body, isCacheable: false });
  });
  http.get<InPath>('/ocsp/:authorityId/*', (request, reply) =>
    answerOcsp(request, reply, { request: requestInPath(request.params['*']), isCacheable: true }),
  );

  http.get<OfAuthority>('/crl/:authorityId', async ({ params, ip }, reply) => {
    const refuse = (outcome: ResponderOutcome, status: number, text: string): FastifyReply => {
      metrics.requests.add(outcome);
      return reply.status(status).type('text/plain').header('cache-control', 'no-store').send(text);
    };
    if (!rate.admits(ip, performance.now())) {
      reply.header('retry-after', RETRY_AFTER_SECONDS);
      return refuse('rate-limited', 429, 'this address asks too often; try again in a minute\n');
    }
    const answer = AUTHORITY_ID.test(params.authorityId)
      ? await answers.revocationList(params.authorityId)
      : ({ outcome: 'unknown-authority' } as const);
    if (answer === 'busy' || answer === 'registry-unavailable') {
      return refuse(answer, 503, 'the revocation list is not to be had at the moment; try again\n');
    }
    if (answer.outcome === 'unknown-authority')
      return refuse('unknown-authority', 404, 'no such authority\n');
    const leftMs = Date.parse(answer.nextUpdate) - Date.now();
    const maxAgeSeconds = Math.max(0, Math.floor(leftMs / 1_000));
    return sendCached(reply.type(REVOCATION_LIST), Buffer.from(answer.crl, 'base64'), maxAgeSeconds, metrics);
  });
}

/** Clients escape `+`, `/` and `=` or do not; the router has undone it. Null when it is no request. */
function requestInPath(text: string): Uint8Array | null {
  return text.length <= MAX_BASE64_CHARACTERS && BASE64.test(text) ? Buffer.from(text, 'base64') : null;
}

/** RFC 5019 §6.2, RFC 9111. */
function sendCached(
  reply: FastifyReply,
  body: Buffer,
  maxAgeSeconds: number,
  metrics: ResponderMetrics,
): FastifyReply {
  if (maxAgeSeconds === 0) {
    metrics.requests.add('answered');
    return reply.header('cache-control', 'no-store').send(body);
  }
  const tag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;
  reply
    .header('cache-control', `max-age=${maxAgeSeconds}, public, no-transform, must-revalidate`)
    .header('expires', new Date(Date.now() + maxAgeSeconds * 1_000).toUTCString())
    .header('etag', tag);
  if (reply.request.headers['if-none-match'] === tag) {
    metrics.requests.add('not-modified');
    return reply.status(304).send();
  }
  metrics.requests.add('answered');
  return reply.send(body);
}

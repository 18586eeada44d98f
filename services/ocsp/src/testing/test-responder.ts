import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ocspCertificateId,
  readOcspRequest,
  signOcspResponse,
  type OcspResponseContent,
  type OcspStatement,
  type ReceivedOcspRequest,
  type TestAuthority,
  type TestCertificate,
} from '@gatehouse/pki';

export interface HttpQuestion {
  readonly method: string | undefined;
  readonly path: string;
  readonly body: Buffer;
}
export type Answerer = (question: HttpQuestion, response: ServerResponse) => void | Promise<void>;

/** A real HTTP server that answers as `behaviour.answer` says; for responders and CRLs of tests. */
export async function startTestResponder(answer: Answerer = refuse) {
  const behaviour = { answer };
  const questions: HttpQuestion[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const question = { method: request.method, path: request.url ?? '/', body: await bodyOf(request) };
      questions.push(question);
      await behaviour.answer(question, response);
    })().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    behaviour,
    questions,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
export type TestResponder = Awaited<ReturnType<typeof startTestResponder>>;

function refuse(_question: HttpQuestion, response: ServerResponse): void {
  response.writeHead(404).end();
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export const MINUTE_MS = 60_000;
export const inMinutes = (minutes: number): Date => new Date(Date.now() + minutes * MINUTE_MS);

/** What an honest responder would say about the certificate, for a test to change. */
export function statementOn(
  leaf: TestCertificate,
  issuer: Pick<TestCertificate, 'certificate'>,
  rest: Partial<OcspStatement> = {},
): OcspStatement {
  return {
    certificateId: ocspCertificateId(leaf.certificate, issuer.certificate),
    status: 'good',
    thisUpdate: inMinutes(-1),
    nextUpdate: inMinutes(60),
    ...rest,
  };
}

/** A signed answer to the question, nonce included, unless `content` says otherwise. */
export function honestAnswer(
  authority: TestAuthority,
  statements: readonly OcspStatement[],
  request?: ReceivedOcspRequest,
  content: Partial<OcspResponseContent> = {},
): Uint8Array {
  return signOcspResponse(authority.responder, {
    statements,
    producedAt: new Date(),
    nonce: request?.nonce ?? undefined,
    ...content,
  });
}

export function answerDer(response: ServerResponse, der: Uint8Array): void {
  response.writeHead(200, { 'content-type': 'application/ocsp-response' }).end(der);
}

/** Answers every question with what `statement` says at that moment. */
export function responding(authority: TestAuthority, statement: () => OcspStatement): Answerer {
  return ({ body }, response) =>
    answerDer(response, honestAnswer(authority, [statement()], readOcspRequest(body)));
}

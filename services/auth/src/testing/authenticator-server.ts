import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { GatewayAdmission } from '@gatehouse/contracts';
import { AllowList, OutboundPolicy } from '@gatehouse/outbound';
import { createCertificateAuthority } from '@gatehouse/pki';
import { authenticatorMaker } from '../authenticators/authenticators.ts';
import type { MakeAuthenticator } from '../third-party/guarded-authenticators.ts';

/** What a server of the tests received. */
export type ReceivedQuestion = Readonly<Record<string, string>>;
export interface GivenAnswer {
  readonly status?: number;
  readonly body?: unknown;
}
/** Undefined: never answered. */
export type Judge = (question: ReceivedQuestion) => GivenAnswer | undefined;

const authority = await createCertificateAuthority();

/** Says yes to the password `secret`, as the device of the user name. */
export const judgeBySecret: Judge = ({ username, password }) =>
  password === 'secret' ? { body: { deviceName: username } } : { status: 403, body: { message: 'no' } };

/** A customer's authenticator: a real HTTPS server that answers as `judge` says, after `delayMs`. */
export async function startAuthenticatorServer(judge: Judge = judgeBySecret) {
  const { certificatePem: cert, privateKeyPem } = await authority.issueServerCertificate({
    commonName: 'authenticator',
    ipAddresses: ['127.0.0.1'],
  });
  const behaviour = { judge, delayMs: 0 };
  const questions: ReceivedQuestion[] = [];
  const load = { now: 0, peak: 0 };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const question = JSON.parse(await textOf(request)) as ReceivedQuestion;
    questions.push(question);
    await wait(behaviour.delayMs);
    const given = behaviour.judge(question);
    if (given === undefined) return;
    const { status = 200, body } = given;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  }

  const server = createServer({ cert, key: privateKeyPem }, (request, response) => {
    load.now += 1;
    load.peak = Math.max(load.peak, load.now);
    response.once('close', () => {
      load.now -= 1;
    });
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    behaviour,
    questions,
    load,
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/verify`,
    /** Ends every call that is under way without an answer. */
    hangUp: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** The real thing, allowed to call this machine. */
export function realAuthenticators(callsAtOnce = 50): MakeAuthenticator {
  const policy = new OutboundPolicy({ allow: AllowList.parse('127.0.0.0/8'), allowLoopback: true });
  return authenticatorMaker(policy, callsAtOnce);
}

type HttpsTarget = Extract<GatewayAdmission['authentication'], { method: 'https' }>;

/** A gateway whose devices are checked by the server at `url`. */
export function thirdPartyGateway(
  gatewayId: string,
  url: string,
  target: Partial<HttpsTarget> = {},
): GatewayAdmission {
  return {
    gatewayId,
    productKey: `product${gatewayId.replaceAll('-', '')}`,
    version: 1,
    authentication: {
      type: 'third-party',
      method: 'https',
      url,
      parameters: [],
      caCertificate: authority.certificatePem,
      timeoutMs: 10_000,
      cacheSeconds: 0,
      ...target,
    },
    accessKeySecret: null,
    x509: { enabled: false, commonNameMustEqualUsername: false },
  };
}

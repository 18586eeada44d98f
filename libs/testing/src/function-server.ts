import type { ServerResponse } from 'node:http';
import { runInNewContext } from 'node:vm';
import { FunctionRoles } from './function-roles.ts';
import {
  checkBasic,
  checkFunctionCompute2,
  checkFunctionCompute3,
  type AccessKey,
  type SignatureCheck,
} from './function-signatures.ts';
import { startHttpsServer, type HttpsServer } from './https-server.ts';

/** Where the function `verify` is: in the service `devices` of 2.0, in 3.0, and behind a URL. */
const CHECKS: Readonly<Record<string, SignatureCheck>> = {
  '/2016-08-15/services/devices/functions/verify/invocations': checkFunctionCompute2,
  '/2023-03-30/functions/verify/invocations': checkFunctionCompute3,
  '/function': checkBasic,
};

const TOKEN_EXPIRED = {
  ErrorCode: 'InvalidSecurityToken',
  ErrorMessage: 'the security token is expired',
  Code: 'InvalidSecurityToken.Expired',
  Message: 'Specified SecurityToken is expired.',
};

export interface FunctionServer extends HttpsServer {
  /** What it answers instead of running the function. */
  forced: { readonly status: number; readonly body: object } | undefined;
  /** STS, at the same origin. */
  readonly roles: FunctionRoles;
}

/**
 * Function Compute 2.0 and 3.0 and a function behind a URL, each of which runs the same code when the request
 * is signed with the key, or with a temporary one that STS beside them gave for it.
 *
 * @param code in the runtime of Node.js 14 and later: sets `exports.handler`
 */
export async function startFunctionServer(code: string, accessKey: AccessKey): Promise<FunctionServer> {
  const handler = handlerOf(code);
  const roles = new FunctionRoles(accessKey);
  const server = await startHttpsServer((request, response) => {
    if (request.path.startsWith('/?')) return roles.answer(request, response);
    const check = Object.hasOwn(CHECKS, request.path) ? CHECKS[request.path] : undefined;
    const key = roles.keyOf(request) ?? accessKey;
    const problem = key === 'ended' ? TOKEN_EXPIRED : check?.(request, key);
    const refuse = (status: number, error: object): void =>
      void response
        .writeHead(status, { 'content-type': 'application/json', 'x-fc-request-id': '1' })
        .end(JSON.stringify(error));
    if (request.method !== 'POST' || check === undefined) {
      refuse(404, { ErrorCode: 'FunctionNotFound', ErrorMessage: `no function at ${request.path}` });
    } else if (problem !== undefined) refuse(403, problem);
    else if (functions.forced !== undefined) refuse(functions.forced.status, functions.forced.body);
    else run(handler, request.body, response, check !== checkBasic);
  });
  const functions: FunctionServer = { ...server, forced: undefined, roles };
  return functions;
}

type Handler = (event: Buffer, context: object, callback: (error: unknown, result?: string) => void) => void;

function handlerOf(code: string): Handler {
  const exports: { handler?: Handler } = {};
  runInNewContext(code, { exports });
  if (exports.handler === undefined) throw new Error('the code exports no handler');
  return exports.handler;
}

function run(handler: Handler, body: string, response: ServerResponse, isCloud: boolean): void {
  const fail = (error: unknown, type: string): void => {
    const { name, message } = error as Error;
    const headers = isCloud ? { 'x-fc-error-type': type } : {};
    response
      .writeHead(isCloud ? 200 : 500, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ errorType: name, errorMessage: message, stackTrace: [] }));
  };
  try {
    handler(Buffer.from(body), {}, (error, result) => {
      if (error === null) response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(result);
      else fail(error, 'HandledInvocationError');
    });
  } catch (error) {
    fail(error, 'UnhandledInvocationError');
  }
}

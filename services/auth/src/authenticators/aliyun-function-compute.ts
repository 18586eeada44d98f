import type { OutboundClient, OutboundResponse } from '@gatehouse/outbound';
import { z } from 'zod';
import { failed, MAX_ANSWER_BYTES } from './authenticator-call.ts';
import type { AuthenticatorAnswer } from './authenticator.ts';
import type { AccessKey } from './access-key.ts';
import { RoleNotAssumed } from './assume-role.failures.ts';
import type { FunctionRole, RoleSession } from './assume-role.ts';
import { CallDeadline } from './call-deadline.ts';
import type { FunctionCall } from './function-call.ts';
import type { CallObserver, FunctionProvider } from './function-provider.ts';
import { maskSignature } from './mask-signature.ts';
import { maskPassword } from './request-template.ts';
import { RoleSessions } from './role-sessions.ts';
import type { SendSigned } from './send-signed.ts';

export interface AliyunFunction {
  /** Of Function Compute 2.0; functions of 3.0 belong to none. */
  readonly service?: string | undefined;
  readonly name: string;
  readonly accessKey: AccessKey;
  /** That the function is invoked in, taken on with the key. */
  readonly role?: Omit<FunctionRole, 'accessKey'> | undefined;
}

/** `ErrorMessage` says 2.0, `Message` says 3.0, and `errorMessage` is what the function itself threw. */
const errorBody = z.object({
  ErrorCode: z.string().optional(),
  ErrorMessage: z.string().optional(),
  Code: z.string().optional(),
  Message: z.string().optional(),
  errorType: z.string().optional(),
  errorMessage: z.string().optional(),
});

/** A function of Alibaba Cloud, invoked by its official clients over our connections. */
export class AliyunFunctionCompute implements FunctionProvider {
  readonly #role: Role | undefined;

  constructor(
    private readonly target: AliyunFunction,
    private readonly call: FunctionCall,
    private readonly outbound: OutboundClient,
  ) {
    const { role, accessKey } = target;
    if (role !== undefined) {
      const sessions = new RoleSessions((timeoutMs) => this.#assume({ ...role, accessKey }, timeoutMs));
      this.#role = { sessions, origin: new URL(role.endpoint).origin };
    }
  }

  invoke(event: string, observer: CallObserver, timeoutMs: number): Promise<OutboundResponse> {
    const deadline = new CallDeadline(timeoutMs);
    if (this.#role === undefined)
      return this.#invokeWith(this.target.accessKey, event, { observer, deadline });
    return this.#invokeInRole(this.#role, event, { observer, deadline });
  }

  /** Whatever is no result of the function is no refusal: a wrong key or name is a fault of the set-up. */
  verdictOf({ status, headers, body }: OutboundResponse): AuthenticatorAnswer | undefined {
    const errorType = headers['x-fc-error-type'];
    const isSuccess = status >= 200 && status < 300;
    if (isSuccess && errorType === undefined) return undefined;
    const { code, message } = errorOf(body);
    if (isSuccess || errorType !== undefined) {
      return failed('authenticator-unavailable', `the function failed (${errorType ?? code}): ${message}`);
    }
    const words = `Function Compute answered ${status} (${code}): ${message}`;
    return failed(status === 429 ? 'authenticator-busy' : 'authenticator-unavailable', words);
  }

  /** Once more with another session when the first has come to its end before its time. */
  async #invokeInRole(role: Role, event: string, call: Call): Promise<OutboundResponse> {
    const session = await sessionOf(role, call);
    const response = await this.#invokeWith(session.accessKey, event, call);
    if (!isKeyRefused(response)) return withoutToken(response, session);
    role.sessions.drop(session);
    const next = await sessionOf(role, call);
    return withoutToken(await this.#invokeWith(next.accessKey, event, call), next);
  }

  async #assume(role: FunctionRole, timeoutMs: number): Promise<RoleSession> {
    const { assumeRole } = await import('./assume-role.ts');
    return assumeRole(role, { caCertificate: this.call.caCertificate, timeoutMs }, this.outbound);
  }

  async #invokeWith(accessKey: AccessKey, event: string, call: Call): Promise<OutboundResponse> {
    const { service, name } = this.target;
    const url = new URL(this.call.endpoint);
    const send = this.#sender(call);
    // Loaded when the first gateway needs them: they bring a hundred packages along.
    if (service === undefined) {
      const { FunctionCompute3 } = await import('./function-compute-3.ts');
      return new FunctionCompute3(url, accessKey, send).invoke(name, event);
    }
    const { FunctionCompute2 } = await import('./function-compute-2.ts');
    return new FunctionCompute2(url, accessKey, send).invoke(service, name, event);
  }

  #sender({ observer, deadline }: Call): SendSigned {
    return ({ url, headers, body }) => {
      const timeoutMs = deadline.remainingMs(new URL(url).origin);
      observer.onSend({ method: 'POST', url, headers: maskSignature(headers) });
      return this.outbound.request({
        method: 'POST',
        url,
        headers,
        body,
        caCertificate: this.call.caCertificate,
        timeoutMs,
        maxResponseBytes: MAX_ANSWER_BYTES,
        isRepeatable: true,
      });
    };
  }
}

interface Role {
  readonly sessions: RoleSessions;
  /** Of STS. */
  readonly origin: string;
}

interface Call {
  readonly observer: CallObserver;
  /** Of all its requests. */
  readonly deadline: CallDeadline;
}

async function sessionOf({ sessions, origin }: Role, { observer, deadline }: Call): Promise<RoleSession> {
  try {
    const session = await deadline.within(origin, sessions.current(deadline.remainingMs(origin)));
    observer.onRole(session.call);
    return session;
  } catch (error) {
    if (error instanceof RoleNotAssumed) observer.onRole(error.call);
    throw error;
  }
}

/** Whether the temporary key or its token is worth nothing (any more): `InvalidSecurityToken.Expired` and others. */
function isKeyRefused({ status, headers, body }: OutboundResponse): boolean {
  if (status < 400 || status >= 500 || headers['x-fc-error-type'] !== undefined) return false;
  return /SecurityToken|InvalidAccessKeyI[dD]/.test(errorOf(body).code);
}

/** Who refuses a signature quotes what should have been signed, and the token is a part of that. */
function withoutToken(response: OutboundResponse, { accessKey }: RoleSession): OutboundResponse {
  if (response.status < 400) return response;
  const text = response.body.toString('utf8');
  return { ...response, body: Buffer.from(maskPassword(text, { password: accessKey.securityToken })) };
}

function errorOf(body: Buffer): { code: string; message: string } {
  const nothing = { code: 'no code', message: 'it says no more' };
  try {
    const error = errorBody.parse(JSON.parse(body.toString('utf8')));
    return {
      code: error.ErrorCode ?? error.Code ?? error.errorType ?? nothing.code,
      message: error.ErrorMessage ?? error.Message ?? error.errorMessage ?? nothing.message,
    };
  } catch {
    return nothing;
  }
}

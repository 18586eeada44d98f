import type { OutboundClient, OutboundResponse } from '@gatehouse/outbound';
import { z } from 'zod';
import { failed, MAX_ANSWER_BYTES } from './authenticator-call.ts';
import type { AuthenticatorAnswer } from './authenticator.ts';
import type { FunctionCall } from './function-call.ts';
import type { FunctionProvider, ShownRequest } from './function-provider.ts';
import type { SendSigned } from './send-signed.ts';

export interface AliyunFunction {
  /** Of Function Compute 2.0; functions of 3.0 belong to none. */
  readonly service?: string | undefined;
  readonly name: string;
  readonly accessKey: { readonly id: string; readonly secret: string };
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
  constructor(
    private readonly target: AliyunFunction,
    private readonly call: FunctionCall,
    private readonly outbound: OutboundClient,
  ) {}

  async invoke(event: string, onSend: (request: ShownRequest) => void): Promise<OutboundResponse> {
    const { service, name, accessKey } = this.target;
    const url = new URL(this.call.endpoint);
    const send = this.#sender(onSend);
    // Loaded when the first gateway needs them: they bring a hundred packages along.
    if (service === undefined) {
      const { FunctionCompute3 } = await import('./function-compute-3.ts');
      return new FunctionCompute3(url, accessKey, send).invoke(name, event);
    }
    const { FunctionCompute2 } = await import('./function-compute-2.ts');
    return new FunctionCompute2(url, accessKey, send).invoke(service, name, event);
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

  #sender(onSend: (request: ShownRequest) => void): SendSigned {
    const { caCertificate, timeoutMs } = this.call;
    return ({ url, headers, body }) => {
      const { authorization = '', ...shown } = headers;
      onSend({ method: 'POST', url, headers: { ...shown, authorization: maskSignature(authorization) } });
      return this.outbound.request({
        method: 'POST',
        url,
        headers,
        body,
        caCertificate,
        timeoutMs,
        maxResponseBytes: MAX_ANSWER_BYTES,
        isRepeatable: true,
      });
    };
  }
}

/** `FC <id>:<signature>` of 2.0, `ACS3-HMAC-SHA256 Credential=<id>,SignedHeaders=…,Signature=<signature>` of 3.0. */
function maskSignature(authorization: string): string {
  return authorization.replace(/(^FC [^:]*:|Signature=).*$/, '$1***');
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

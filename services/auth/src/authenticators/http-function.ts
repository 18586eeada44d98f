import type { OutboundClient, OutboundResponse } from '@gatehouse/outbound';
import { answerOfStatus } from './answer-status.ts';
import { MAX_ANSWER_BYTES } from './authenticator-call.ts';
import type { AuthenticatorAnswer } from './authenticator.ts';
import type { FunctionCall } from './function-call.ts';
import type { CallObserver, FunctionProvider, ShownRequest } from './function-provider.ts';

const MAX_REDIRECTS = 3;
const HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

/** A function behind a URL that takes its event by POST: OpenFaaS, Knative, function URLs of AWS Lambda. */
export class HttpFunction implements FunctionProvider {
  readonly #authorization: { authorization?: string };

  constructor(
    private readonly call: FunctionCall,
    private readonly outbound: OutboundClient,
  ) {
    const { accessKey } = call;
    this.#authorization = accessKey === undefined ? {} : { authorization: basic(accessKey) };
  }

  invoke(event: string, { onSend }: CallObserver, timeoutMs: number): Promise<OutboundResponse> {
    const { endpoint: url, caCertificate } = this.call;
    onSend({ method: 'POST', url, headers: this.#shownHeaders() });
    return this.outbound.request({
      method: 'POST',
      url,
      headers: { ...HEADERS, ...this.#authorization },
      body: event,
      caCertificate,
      timeoutMs,
      maxResponseBytes: MAX_ANSWER_BYTES,
      maxRedirects: MAX_REDIRECTS,
      isRepeatable: true,
    });
  }

  verdictOf(response: OutboundResponse): AuthenticatorAnswer | undefined {
    return answerOfStatus(response);
  }

  #shownHeaders(): ShownRequest['headers'] {
    return this.#authorization.authorization === undefined
      ? HEADERS
      : { ...HEADERS, authorization: 'Basic ***' };
  }
}

/** RFC 7617. */
const basic = ({ id, secret }: { id: string; secret: string }): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

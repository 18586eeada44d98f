import type { GatewayAuthentication } from '@gatehouse/contracts';
import type { OutboundClient, OutboundResponse } from '@gatehouse/outbound';
import { answerOfHttps } from './authenticator-answer.ts';
import { askOnce, failed, MAX_ANSWER_BYTES } from './authenticator-call.ts';
import type {
  Authentication,
  Authenticator,
  AuthenticatorAnswer,
  AuthenticatorCredentials,
} from './authenticator.ts';
import { answerOfStatus } from './answer-status.ts';
import { filled, withoutPassword } from './request-template.ts';

export type HttpsTarget = Extract<GatewayAuthentication, { method: 'https' }>;

const MAX_REDIRECTS = 3;
const HEADERS = { 'content-type': 'application/json', accept: 'application/json' };
const JSON_MEDIA_TYPE = /^application\/([\w.+-]+\+)?json\s*(;|$)/i;

/** The external HTTPS contract of docs/authenticators.md. */
export class HttpsAuthenticator implements Authenticator {
  readonly timeoutMs: number;
  readonly cacheSeconds: number;

  constructor(
    private readonly target: HttpsTarget,
    private readonly outbound: OutboundClient,
  ) {
    this.timeoutMs = target.timeoutMs;
    this.cacheSeconds = target.cacheSeconds;
  }

  authenticate(credentials: AuthenticatorCredentials, timeoutMs: number): Promise<Authentication> {
    const { url, caCertificate } = this.target;
    return askOnce({
      credentials,
      judge,
      send: () =>
        this.outbound.request({
          method: 'POST',
          url,
          headers: HEADERS,
          body: this.#bodyOf(credentials),
          caCertificate,
          timeoutMs,
          maxResponseBytes: MAX_ANSWER_BYTES,
          maxRedirects: MAX_REDIRECTS,
          isRepeatable: true,
        }),
      shown: () => ({
        method: 'POST',
        url,
        headers: HEADERS,
        body: this.#bodyOf(withoutPassword(credentials)),
      }),
    });
  }

  #bodyOf(credentials: AuthenticatorCredentials): string {
    const { username, password, clientCertificate } = credentials;
    const parameters = this.target.parameters.map(({ key, value }) => [key, filled(value, credentials)]);
    const certificateCommonName = clientCertificate?.commonName;
    const body = { username, password, certificateCommonName };
    // A key such as __proto__ becomes a field like any other.
    return JSON.stringify(Object.fromEntries([...Object.entries(body), ...parameters]));
  }
}

function judge(response: OutboundResponse): AuthenticatorAnswer {
  const byStatus = answerOfStatus(response);
  if (byStatus !== undefined) return byStatus;
  const contentType = response.headers['content-type'];
  if (contentType !== undefined && JSON_MEDIA_TYPE.test(contentType)) return answerOfHttps(response.body);
  return failed(
    'authenticator-answer-invalid',
    `the authenticator's answer has ${contentType === undefined ? 'no Content-Type' : `the Content-Type ${contentType}`}; it must be application/json`,
  );
}

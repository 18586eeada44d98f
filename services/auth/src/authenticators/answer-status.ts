import type { OutboundResponse } from '@gatehouse/outbound';
import type { AuthenticatorAnswer } from './authenticator.ts';
import { messageOf } from './authenticator-answer.ts';
import { failed } from './authenticator-call.ts';

/** What a status says by itself; undefined for 2xx, where the body speaks. */
export function answerOfStatus({ status, body }: OutboundResponse): AuthenticatorAnswer | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status >= 300 && status < 400) {
    return failed(
      'authenticator-answer-invalid',
      `the authenticator redirects with ${status}; of redirects only 307 and 308 are followed`,
    );
  }
  if (status === 429) {
    return failed('authenticator-busy', 'the authenticator answered 429: it wants fewer calls');
  }
  if (status === 408 || status >= 500) {
    return failed('authenticator-unavailable', `the authenticator answered ${status}`);
  }
  return { outcome: 'refused', message: messageOf(body) ?? `the authenticator answered ${status}` };
}

import type { OutboundResponse } from '@gatehouse/outbound';
import type { AuthenticatorAnswer, AuthenticatorExchange } from './authenticator.ts';

/** The request that invokes a function, as it may be shown: no key and no signature. */
export type ShownRequest = Omit<NonNullable<AuthenticatorExchange['sent']>, 'body'>;

/** Where a customer's function runs. */
export interface FunctionProvider {
  /**
   * @param event JSON text
   * @param onSend told what is sent, before it is
   * @throws {OutboundFailure}
   */
  invoke(event: string, onSend: (request: ShownRequest) => void): Promise<OutboundResponse>;
  /** What the provider says in place of the function; undefined when the body is what the function returned. */
  verdictOf(response: OutboundResponse): AuthenticatorAnswer | undefined;
}

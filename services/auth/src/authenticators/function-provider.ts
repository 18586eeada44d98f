import type { OutboundResponse } from '@gatehouse/outbound';
import type { AssumedRole, AuthenticatorAnswer, AuthenticatorExchange } from './authenticator.ts';

/** The request that invokes a function, as it may be shown: no key and no signature. */
export type ShownRequest = Omit<NonNullable<AuthenticatorExchange['sent']>, 'body'>;

/** Told of what is sent, in the form that may be shown, while a function is called. */
export interface CallObserver {
  /** Before it is sent. */
  readonly onSend: (request: ShownRequest) => void;
  /** Which call gave the role that the function is invoked in, or refused it. */
  readonly onRole: (call: AssumedRole) => void;
}

/** Where a customer's function runs. */
export interface FunctionProvider {
  /**
   * @param event JSON text
   * @throws {OutboundFailure | RoleNotAssumed}
   */
  invoke(event: string, observer: CallObserver, timeoutMs: number): Promise<OutboundResponse>;
  /** What the provider says in place of the function; undefined when the body is what the function returned. */
  verdictOf(response: OutboundResponse): AuthenticatorAnswer | undefined;
}

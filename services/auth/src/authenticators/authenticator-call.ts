import {
  OutboundAddressForbidden,
  OutboundBusy,
  OutboundCaInvalid,
  OutboundFailure,
  OutboundNameUnknown,
  OutboundRedirectInvalid,
  OutboundResponseMalformed,
  OutboundResponseTooLarge,
  OutboundTimedOut,
  OutboundTlsFailed,
  OutboundUrlInvalid,
  type OutboundResponse,
} from '@gatehouse/outbound';
import type {
  AssumedRole,
  Authentication,
  AuthenticatorAnswer,
  AuthenticatorCredentials,
  AuthenticatorExchange,
  AuthenticatorFailureReason,
} from './authenticator.ts';
import { RoleNotAssumed } from './assume-role.failures.ts';
import { isMaskable, maskPassword } from './request-template.ts';

export const MAX_ANSWER_BYTES = 65_536;
const MAX_SHOWN_BYTES = 4_096;
const MAX_MESSAGE_CHARACTERS = 1_024;

export interface AuthenticatorCall {
  readonly credentials: AuthenticatorCredentials;
  /** @throws {OutboundFailure | RoleNotAssumed} */
  send(): Promise<OutboundResponse>;
  judge(response: OutboundResponse): AuthenticatorAnswer;
  /** What was sent, without password, key and signature; null when it did not come to that. */
  shown(): AuthenticatorExchange['sent'];
  assumedRole?(): AssumedRole | undefined;
}

/** Sends one question and makes an answer of whatever comes back, or does not. */
export async function askOnce(call: AuthenticatorCall): Promise<Authentication> {
  try {
    const response = await call.send();
    return {
      answer: speakable(call.judge(response), call.credentials),
      exchange: () =>
        exchangeOf(call, { sent: call.shown(), received: received(response, call.credentials) }),
    };
  } catch (error) {
    if (error instanceof RoleNotAssumed) {
      return {
        answer: speakable(failed('authenticator-unavailable', error.message), call.credentials),
        exchange: () => exchangeOf(call, { sent: call.shown(), received: null }),
      };
    }
    if (!(error instanceof OutboundFailure)) throw error;
    const isSent = error.isAfterRedirect || !NEVER_SENT.some((failure) => error instanceof failure);
    return {
      answer: speakable(failed(reasonOf(error), error.message), call.credentials),
      exchange: () => exchangeOf(call, { sent: isSent ? call.shown() : null, received: null }),
    };
  }
}

function exchangeOf(call: AuthenticatorCall, exchange: AuthenticatorExchange): AuthenticatorExchange {
  const assumedRole = call.assumedRole?.();
  return assumedRole === undefined ? exchange : { ...exchange, assumedRole };
}

export function failed(reason: AuthenticatorFailureReason, message: string): AuthenticatorAnswer {
  return { outcome: 'failed', reason, message };
}

const NEVER_SENT = [
  OutboundUrlInvalid,
  OutboundAddressForbidden,
  OutboundNameUnknown,
  OutboundTlsFailed,
  OutboundCaInvalid,
  OutboundBusy,
];
const ANSWER_INVALID = [OutboundResponseTooLarge, OutboundResponseMalformed, OutboundRedirectInvalid];

function reasonOf(failure: OutboundFailure): AuthenticatorFailureReason {
  if (failure instanceof OutboundTimedOut) return 'authenticator-timeout';
  if (failure instanceof OutboundBusy) return 'authenticator-busy';
  if (ANSWER_INVALID.some((invalid) => failure instanceof invalid)) return 'authenticator-answer-invalid';
  return 'authenticator-unavailable';
}

function received(
  { status, headers, body }: OutboundResponse,
  credentials: AuthenticatorCredentials,
): AuthenticatorExchange['received'] {
  return {
    status,
    contentType: headers['content-type'] ?? null,
    body: maskPassword(body.toString('utf8'), credentials).slice(0, MAX_SHOWN_BYTES),
  };
}

function speakable(answer: AuthenticatorAnswer, credentials: AuthenticatorCredentials): AuthenticatorAnswer {
  if (answer.outcome === 'accepted' || answer.message === undefined) return answer;
  // Of a failure the words are ours.
  const isShown = answer.outcome === 'failed' && !isMaskable(credentials);
  const message = (isShown ? answer.message : maskPassword(answer.message, credentials)).slice(
    0,
    MAX_MESSAGE_CHARACTERS,
  );
  return { ...answer, message };
}

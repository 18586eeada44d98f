import type { AuthenticatorAnswer } from '../authenticators/authenticator.ts';

/** An answer whose message repeats no password: it is shown to operators, and an authenticator may say anything. */
export function maskedAnswer(answer: AuthenticatorAnswer, password: string): AuthenticatorAnswer {
  if (answer.outcome === 'accepted' || answer.message === undefined || password === '') return answer;
  return { ...answer, message: answer.message.replaceAll(password, '***') };
}

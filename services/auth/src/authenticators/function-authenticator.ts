import { answerOfFunction } from './authenticator-answer.ts';
import { askOnce } from './authenticator-call.ts';
import type {
  AssumedRole,
  Authentication,
  Authenticator,
  AuthenticatorCredentials,
} from './authenticator.ts';
import type { CallObserver, FunctionProvider, ShownRequest } from './function-provider.ts';
import { withoutPassword } from './request-template.ts';

/** The function contract of docs/authenticators.md, wherever the function runs. */
export class FunctionAuthenticator implements Authenticator {
  constructor(
    private readonly provider: FunctionProvider,
    readonly timeoutMs: number,
    readonly cacheSeconds: number,
  ) {}

  authenticate(credentials: AuthenticatorCredentials, timeoutMs: number): Promise<Authentication> {
    let sent: ShownRequest | null = null;
    let role: AssumedRole | undefined;
    const observer: CallObserver = {
      onSend: (request) => (sent = request),
      onRole: (call) => (role = call),
    };
    return askOnce({
      credentials,
      send: () => this.provider.invoke(eventOf(credentials), observer, timeoutMs),
      judge: (response) => this.provider.verdictOf(response) ?? answerOfFunction(response.body, credentials),
      shown: () => (sent === null ? null : { ...sent, body: eventOf(withoutPassword(credentials)) }),
      assumedRole: () => role,
    });
  }
}

/** With a capital N, other than in the HTTPS contract: functions written for the cloud expect it. */
function eventOf({ username, password, clientId, clientCertificate }: AuthenticatorCredentials): string {
  const certificateCommonName = clientCertificate?.commonName;
  return JSON.stringify({ userName: username, password, clientId, certificateCommonName });
}

import type { AuthenticationTestResult, ReplyOf, RequestOf, testAuthentication } from '@gatehouse/contracts';
import { bulkhead, isBulkheadRejectedError } from 'cockatiel';
import type { Authenticator, AuthenticatorAnswer } from '../authenticators/authenticator.ts';
import type { GatewayDirectory } from '../registry/gateway-directory.ts';
import type { MakeAuthenticator } from '../third-party/guarded-authenticators.ts';
import { submittedCredentials } from '../third-party/submitted-credentials.ts';
import { GatewayNotDescribed, TooManyAuthenticationTests } from './test-authentication.failures.ts';

type Request = RequestOf<typeof testAuthentication>;

const TESTS_AT_ONCE = 8;
const TESTS_WAITING = 8;
const NO_CERTIFICATE_DETAILS = { fingerprint: '' };

/** Calls the authenticator of a gateway once, for people who set it up: no cache, no breaker, no device is made. */
export class TestAuthentication {
  readonly #tests = bulkhead(TESTS_AT_ONCE, TESTS_WAITING);

  constructor(
    private readonly gateways: GatewayDirectory,
    private readonly makeAuthenticator: MakeAuthenticator,
  ) {}

  /**
   * @throws {GatewayNotDescribed} the registry is away
   * @throws {TooManyAuthenticationTests}
   */
  async test(request: Request): Promise<ReplyOf<typeof testAuthentication>> {
    const lookup = await this.gateways.find(request.gatewayId, request.gatewayVersion);
    if (lookup.outcome === 'unavailable') throw new GatewayNotDescribed(request.gatewayId);
    if (lookup.outcome === 'unknown-gateway') return { outcome: 'unknown-gateway' };
    const authenticator = this.makeAuthenticator(lookup.admission);
    if (authenticator === undefined) return { outcome: 'no-authenticator' };
    const isVerifying = lookup.admission.x509.enabled;
    try {
      const result = await this.#tests.execute(() => call(authenticator, request, isVerifying));
      return { outcome: 'tested', result };
    } catch (error) {
      if (isBulkheadRejectedError(error)) throw new TooManyAuthenticationTests(TESTS_AT_ONCE);
      throw error;
    }
  }
}

async function call(
  authenticator: Authenticator,
  request: Request,
  isVerifying: boolean,
): Promise<AuthenticationTestResult> {
  const credentials = submittedCredentials({
    ...request,
    password: Buffer.from(request.password).toString('base64'),
    clientCertificate:
      isVerifying && request.clientCertificate !== undefined
        ? { ...request.clientCertificate, ...NO_CERTIFICATE_DETAILS }
        : undefined,
  });
  if (credentials === undefined) {
    return {
      ...NOTHING,
      reason: 'malformed-credentials',
      message:
        'a device is refused before the authenticator is asked: the user name must have 4 to 32 and the password 1 to 32 letters, digits or - _ @ . :',
    };
  }
  const startedAt = performance.now();
  const authentication = await authenticator.authenticate(credentials, authenticator.timeoutMs);
  const milliseconds = performance.now() - startedAt;
  return { ...NOTHING, ...resultOf(authentication.answer), ...authentication.exchange(), milliseconds };
}

const NOTHING: AuthenticationTestResult = {
  outcome: 'refused',
  reason: null,
  deviceName: null,
  permissions: [],
  assumedRole: null,
  sent: null,
  received: null,
  milliseconds: 0,
  message: null,
};

function resultOf(answer: AuthenticatorAnswer): Partial<AuthenticationTestResult> {
  switch (answer.outcome) {
    case 'accepted':
      return { outcome: 'admitted', deviceName: answer.deviceName, permissions: answer.permissions };
    case 'refused':
      return { reason: 'authenticator-refused', message: answer.message ?? null };
    case 'failed':
      return { reason: answer.reason, message: answer.message };
  }
}

import { deviceName, devicePassword, type admitDevice, type RequestOf } from '@gatehouse/contracts';
import type { CredentialVerdict } from '../admission/admission-policy.ts';
import type { AdmissionSteps } from '../admission/admission-steps.ts';
import type { AnswerDeadline } from '../admission/answer-deadline.ts';
import type { AuthMetrics } from '../observability/auth-metrics.ts';
import type { CredentialDirectory, KnownCredential } from './credential-directory.ts';
import type { CredentialVerifier } from './credential-verifier.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { PasswordProof } from './password-proof.ts';

/** One-way authentication: user name and password against the credentials imported into the registry. */
export class OneWayCredentials implements CredentialVerifier {
  constructor(
    private readonly directory: CredentialDirectory,
    private readonly hasher: PasswordHasher,
    private readonly proof: PasswordProof,
    private readonly metrics: AuthMetrics,
  ) {}

  async verify(
    request: RequestOf<typeof admitDevice>,
    { gatewayId }: { readonly gatewayId: string },
    steps: AdmissionSteps,
    deadline: AnswerDeadline,
  ): Promise<CredentialVerdict> {
    const username = deviceName.safeParse(request.username);
    const password = devicePassword.safeParse(textOf(request.password));
    if (!username.success || !password.success) {
      steps.add('credentials', 'malformed');
      return rejected('malformed-credentials');
    }

    const cached = this.directory.fresh(gatewayId, username.data);
    const lookup = cached ?? (await deadline.within(this.directory.ask(gatewayId, username.data)));
    if (lookup === undefined) {
      steps.add('credential-lookup', 'failed', 'the registry did not answer in time');
      return rejected('authenticator-unavailable');
    }
    steps.add('credential-lookup', cached === undefined ? lookup.outcome : 'cached');
    if (lookup.outcome === 'unknown-gateway') return rejected('unknown-gateway');

    const credential = lookup.outcome === 'known' ? lookup.credential : undefined;
    if (credential !== undefined && this.proof.isRemembered(credential, password.data)) {
      this.metrics.passwordChecks.add('remembered');
      steps.add('password', 'remembered');
      return verified(credential);
    }

    const hash = credential?.answer.password ?? this.hasher.hashOfNobody;
    const comparison = (await deadline.within(this.hasher.compare(password.data, hash))) ?? 'overloaded';
    steps.add('password', comparison);
    if (comparison === 'overloaded') return rejected('authenticator-unavailable');
    if (credential === undefined) return rejected('unknown-device');
    if (comparison === 'mismatch') return rejected('wrong-password');
    this.proof.remember(credential, password.data);
    return verified(credential);
  }
}

function verified({ answer }: KnownCredential): CredentialVerdict {
  const { productKey, deviceName: name, isDisabled, credentialVersion } = answer;
  return {
    outcome: 'verified',
    productKey,
    deviceName: name,
    isDisabled,
    credentialVersion,
    expiresAt: null,
    permissions: [],
  };
}

function rejected(reason: Extract<CredentialVerdict, { outcome: 'rejected' }>['reason']): CredentialVerdict {
  return { outcome: 'rejected', reason };
}

/** MQTT passwords are bytes; what is not text cannot be a password of ours. */
function textOf(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('latin1');
}

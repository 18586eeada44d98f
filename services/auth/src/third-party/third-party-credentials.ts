import type {
  AdmissionRefusal,
  AdmissionStep,
  admitDevice,
  GatewayAdmission,
  RequestOf,
} from '@gatehouse/contracts';
import { certificateOf, type CredentialVerdict } from '../admission/admission-policy.ts';
import { AdmissionSteps } from '../admission/admission-steps.ts';
import type { AnswerDeadline } from '../admission/answer-deadline.ts';
import type { AuthConfig } from '../auth.config.ts';
import type { AuthenticatorAnswer, AuthenticatorCredentials } from '../authenticators/authenticator.ts';
import type { CredentialVerifier } from '../credentials/credential-verifier.ts';
import type { AuthMetrics } from '../observability/auth-metrics.ts';
import type { DeviceDirectory, ReadyDevice } from '../registry/device-directory.ts';
import { DeviceLine } from './device-line.ts';
import type { GuardedAuthenticators } from './guarded-authenticators.ts';
import { submittedCredentials } from './submitted-credentials.ts';
import { VerdictCache, type AcceptedVerdict } from './verdict-cache.ts';
import { VerdictKeys } from './verdict-keys.ts';

type Request = RequestOf<typeof admitDevice>;
type Accepted = Extract<AuthenticatorAnswer, { outcome: 'accepted' }>;

/** Different CONNECTs of one device, the one whose call is under way included. */
const MAX_REQUESTS_OF_DEVICE = 8;

/** What became of one question; whoever asks the same meanwhile gets the same. */
interface Flight {
  readonly verdict: CredentialVerdict;
  readonly steps: readonly AdmissionStep[];
}

interface Question {
  readonly key: string;
  /** Whose turn it waits for; see {@link lineOf}. */
  readonly line: string;
  readonly gateway: GatewayAdmission;
  readonly credentials: AuthenticatorCredentials;
  readonly remoteAddress: string;
  readonly deadline: AnswerDeadline;
  /** Milliseconds on the clock of `performance`: no call is begun later. */
  readonly giveUpAt: number;
}

/** Third-party authentication: the customer's authenticator says who the device is, and the registry has it. */
export class ThirdPartyCredentials implements CredentialVerifier {
  readonly #keys = new VerdictKeys();
  readonly #verdicts: VerdictCache;
  readonly #line = new DeviceLine<Flight>(MAX_REQUESTS_OF_DEVICE);

  constructor(
    private readonly authenticators: GuardedAuthenticators,
    private readonly devices: DeviceDirectory,
    private readonly config: AuthConfig,
    private readonly metrics: AuthMetrics,
  ) {
    this.#verdicts = new VerdictCache(config);
  }

  async verify(
    request: Request,
    gateway: GatewayAdmission,
    steps: AdmissionSteps,
    deadline: AnswerDeadline,
  ): Promise<CredentialVerdict> {
    const clientCertificate = certificateOf(request, gateway);
    const credentials = submittedCredentials({ ...request, clientCertificate });
    if (credentials === undefined) {
      steps.add('credentials', 'malformed');
      return rejected('malformed-credentials');
    }
    const question = {
      key: this.#keys.of(gateway, credentials, clientCertificate?.fingerprint),
      line: lineOf(request, credentials),
      gateway,
      credentials,
      remoteAddress: request.remoteAddress,
      deadline,
      giveUpAt: Math.min(performance.now() + this.config.AUTH_AUTHENTICATOR_WAIT_MS, deadline.endsAt),
    };
    return (await this.#remembered(question, steps)) ?? (await this.#asked(question, steps));
  }

  async #remembered(
    { key, gateway, deadline }: Question,
    steps: AdmissionSteps,
  ): Promise<CredentialVerdict | undefined> {
    const verdict = this.#verdicts.find(key);
    if (verdict === undefined) return undefined;
    if (verdict.outcome === 'refused') {
      this.metrics.verdicts.add('refusal-cache');
      steps.add('authenticator', 'refused-before', verdict.message);
      return rejected('authenticator-refused');
    }
    const lookup = await this.devices.ensure(gateway.gatewayId, verdict.device.deviceName, deadline);
    // The registry reported a change of the device: whoever knows it is asked afresh.
    if (lookup.outcome === 'ready' && lookup.device !== verdict.device) {
      this.#verdicts.forgetAccepted(key);
      return undefined;
    }
    this.metrics.verdicts.add('cache');
    steps.add('authenticator', 'cached');
    return this.#ofDevice(lookup, verdict, steps);
  }

  async #asked(question: Question, steps: AdmissionSteps): Promise<CredentialVerdict> {
    const { key, line, deadline, giveUpAt } = question;
    const { isShared, result } = this.#line.join(
      line,
      key,
      () => {
        steps.add('device-queue', 'ok');
        return this.#call(question);
      },
      giveUpAt - performance.now(),
    );
    this.metrics.verdicts.add(isShared ? 'shared' : 'authenticator');
    // A call of its own ends in time; one that is shared may be that of somebody who waits longer.
    const flight = isShared ? await deadline.within(result) : await result;
    if (flight === undefined && isShared && deadline.leftMs() === 0) {
      steps.add('device-queue', 'timeout', 'the call under way, which is the same, has no answer in time');
      return rejected('authenticator-timeout');
    }
    if (flight === undefined) {
      steps.add('device-queue', 'full', 'other CONNECTs of the same device wait for the authenticator');
      return rejected('authenticator-busy');
    }
    if (isShared) steps.add('device-queue', 'shared');
    steps.append(flight.steps);
    return flight.verdict;
  }

  async #call(question: Question): Promise<Flight> {
    const { key, gateway, deadline, giveUpAt } = question;
    const steps = new AdmissionSteps();
    const authenticator = this.authenticators.of(gateway);
    if (authenticator === undefined) {
      return { verdict: rejected('authenticator-unavailable'), steps: steps.list };
    }
    const answer = await authenticator.ask(question, steps, Math.max(0, giveUpAt - performance.now()));
    switch (answer.outcome) {
      case 'failed':
        return { verdict: rejected(answer.reason), steps: steps.list };
      case 'refused':
        this.#verdicts.rememberRefused(key, { outcome: 'refused', message: answer.message });
        return { verdict: rejected('authenticator-refused'), steps: steps.list };
      case 'accepted': {
        const answeredAt = Date.now();
        const lookup = await this.devices.ensure(gateway.gatewayId, answer.deviceName, deadline);
        const terms = { expiresAt: expiryOf(answer, answeredAt), permissions: answer.permissions };
        if (lookup.outcome === 'ready') {
          this.#verdicts.rememberAccepted(
            key,
            { outcome: 'accepted', device: lookup.device, ...terms },
            authenticator.authenticator.cacheSeconds,
          );
        }
        return { verdict: this.#ofDevice(lookup, terms, steps), steps: steps.list };
      }
    }
  }

  #ofDevice(
    lookup: Awaited<ReturnType<DeviceDirectory['ensure']>>,
    terms: Pick<AcceptedVerdict, 'expiresAt' | 'permissions'>,
    steps: AdmissionSteps,
  ): CredentialVerdict {
    if (lookup.outcome === 'unavailable') {
      steps.add('device', 'failed', 'the registry did not answer in time');
      return rejected('authenticator-unavailable');
    }
    if (lookup.outcome === 'unknown-gateway') {
      steps.add('device', lookup.outcome);
      return rejected('unknown-gateway');
    }
    steps.add('device', lookup.isCached ? 'cached' : 'ready');
    return verified(lookup.device, terms);
  }
}

function verified(
  { productKey, deviceName, isDisabled, credentialVersion }: ReadyDevice,
  { expiresAt, permissions }: Pick<AcceptedVerdict, 'expiresAt' | 'permissions'>,
): CredentialVerdict {
  return {
    outcome: 'verified',
    productKey,
    deviceName,
    isDisabled,
    credentialVersion,
    expiresAt,
    permissions,
  };
}

function rejected(reason: Exclude<AdmissionRefusal, 'device-disabled'>): CredentialVerdict {
  return { outcome: 'rejected', reason };
}

function expiryOf({ expiresInSeconds }: Accepted, answeredAt: number): Date | null {
  return expiresInSeconds === undefined ? null : new Date(answeredAt + expiresInSeconds * 1_000);
}

/**
 * Who it says to be, and from where: several devices may share a user name when their certificates tell them
 * apart, and who guesses passwords elsewhere must not stand before the device itself.
 */
function lineOf(
  { gatewayId, remoteAddress }: Request,
  { username, clientCertificate }: AuthenticatorCredentials,
): string {
  return JSON.stringify([gatewayId, remoteAddress, username, clientCertificate?.commonName]);
}

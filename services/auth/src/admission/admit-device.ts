import type {
  AdmissionRefusal,
  admitDevice,
  GatewayAdmission,
  ReplyOf,
  RequestOf,
} from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { CredentialVerifier } from '../credentials/credential-verifier.ts';
import type { AuthMetrics } from '../observability/auth-metrics.ts';
import type { GatewayDirectory } from '../registry/gateway-directory.ts';
import { admissionOf, certificateProblem, type CredentialVerdict } from './admission-policy.ts';
import { AdmissionSteps } from './admission-steps.ts';
import { AnswerDeadline } from './answer-deadline.ts';

type Request = RequestOf<typeof admitDevice>;

/** Who checks credentials, by what the gateway wants. */
export type Verifiers = Readonly<Record<GatewayAdmission['authentication']['type'], CredentialVerifier>>;

/** Judges one CONNECT: find out how its gateway wants it, verify its credentials, decide, count, answer. */
export class AdmitDevice {
  constructor(
    private readonly gateways: GatewayDirectory,
    private readonly verifiers: Verifiers,
    private readonly metrics: AuthMetrics,
    private readonly logger: Logger,
  ) {}

  async admit(request: Request): Promise<ReplyOf<typeof admitDevice>> {
    const steps = new AdmissionSteps();
    const admission = admissionOf(await this.#verdict(request, steps), steps.list);
    const { gatewayId, clientId, username, remoteAddress } = request;
    const client = { gatewayId, clientId, username, remoteAddress };
    if (admission.outcome === 'admitted') {
      this.metrics.admissions.add('admitted');
      this.logger.debug(client, 'device admitted');
    } else {
      this.metrics.admissions.add(admission.reason);
      this.logger.info({ ...client, reason: admission.reason }, 'client refused');
    }
    return admission;
  }

  async #verdict(request: Request, steps: AdmissionSteps): Promise<CredentialVerdict> {
    const deadline = new AnswerDeadline(request.waitMs);
    const lookup = await this.gateways.find(request.gatewayId, request.gatewayVersion, deadline);
    if (lookup.outcome === 'unavailable') {
      steps.add('gateway-lookup', 'failed', 'the registry did not describe the gateway in time');
      return rejected('authenticator-unavailable');
    }
    if (lookup.outcome === 'unknown-gateway') {
      steps.add('gateway-lookup', lookup.outcome);
      return rejected('unknown-gateway');
    }
    const { admission } = lookup;
    steps.add('gateway-lookup', lookup.isCached ? 'cached' : 'ok');

    const problem = certificateProblem(request, admission);
    if (problem !== undefined) {
      steps.add('certificate', problem, 'the gateway wants a client certificate for this user name');
      return rejected(problem);
    }
    return this.verifiers[admission.authentication.type].verify(request, admission, steps, deadline);
  }
}

function rejected(reason: Exclude<AdmissionRefusal, 'device-disabled'>): CredentialVerdict {
  return { outcome: 'rejected', reason };
}

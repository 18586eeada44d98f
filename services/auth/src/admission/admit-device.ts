import type { admitDevice, ReplyOf, RequestOf } from '@gatehouse/contracts';
import type { Logger } from '@gatehouse/observability';
import type { CredentialVerifier } from '../credentials/credential-verifier.ts';
import type { AuthMetrics } from '../observability/auth-metrics.ts';
import { admissionOf } from './admission-policy.ts';

/** Judges one CONNECT: verify its credentials, decide, count, answer. */
export class AdmitDevice {
  constructor(
    private readonly verifier: CredentialVerifier,
    private readonly metrics: AuthMetrics,
    private readonly logger: Logger,
  ) {}

  async admit(request: RequestOf<typeof admitDevice>): Promise<ReplyOf<typeof admitDevice>> {
    const admission = admissionOf(await this.verifier.verify(request));
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
}

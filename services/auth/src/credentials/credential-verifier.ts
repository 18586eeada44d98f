import type { admitDevice, GatewayAdmission, RequestOf } from '@gatehouse/contracts';
import type { CredentialVerdict } from '../admission/admission-policy.ts';
import type { AdmissionSteps } from '../admission/admission-steps.ts';
import type { AnswerDeadline } from '../admission/answer-deadline.ts';

/** Port: are these the credentials of a device, and of which? Answers with a verdict, also when it cannot tell in time. */
export interface CredentialVerifier {
  verify(
    request: RequestOf<typeof admitDevice>,
    gateway: GatewayAdmission,
    steps: AdmissionSteps,
    deadline: AnswerDeadline,
  ): Promise<CredentialVerdict>;
}

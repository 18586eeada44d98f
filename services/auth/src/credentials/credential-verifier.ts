import type { admitDevice, RequestOf } from '@gatehouse/contracts';
import type { CredentialVerdict } from '../admission/admission-policy.ts';

/** Port: are these the credentials of a device, and of which? Answers with a verdict, also when it cannot tell. */
export abstract class CredentialVerifier {
  abstract verify(request: RequestOf<typeof admitDevice>): Promise<CredentialVerdict>;
}

import type { AdmissionRefusal } from '@gatehouse/contracts';
import type { Failure } from '@gatehouse/failure';
import { DeviceRefused } from '../admission/admission.failures.ts';
import type { AttemptProblem } from './attempt-record.ts';

/** For the operator, who may know what the client may not. */
const ADVICE: Readonly<Record<AdmissionRefusal, string>> = {
  'malformed-credentials': 'user name or password is missing or not of the form that this gateway takes',
  'unknown-device': 'no device has this user name; import it, or mend the user name in the device',
  'wrong-password': 'the password is not the one of this device; mend it in the device, or give it a new one',
  'device-disabled': 'the device is disabled; enable it to let it in',
  'unknown-gateway': 'auth does not know the gateway; was it deleted a moment ago?',
  'common-name-mismatch':
    'the user name must be the common name of the client certificate, and it is not; mend one of them',
  'certificate-revoked': 'the client certificate, or one above it, was revoked; give the device a new one',
  'certificate-status-unknown':
    'neither OCSP nor a CRL says whether the client certificate was revoked, and the gateway refuses such devices; the steps say why',
  'authenticator-refused': "the gateway's authenticator said no; its answer is in the steps",
  'authenticator-unavailable':
    "the gateway's authenticator could not be reached or failed; the steps say how, test-authentication calls it once",
  'authenticator-timeout': "the gateway's authenticator did not answer in time",
  'authenticator-answer-invalid': "the gateway's authenticator gave an answer that names no device",
  'authenticator-busy': "as many calls to the gateway's authenticator are under way as may be",
};

/** What a record says of a failure: its code, one word, and a sentence for the operator. */
export function attemptProblem(failure: Failure): AttemptProblem {
  if (failure instanceof DeviceRefused) {
    return { code: failure.code, reason: failure.reason, message: ADVICE[failure.reason] };
  }
  const reason =
    'reason' in failure && typeof failure.reason === 'string' ? failure.reason : wordOf(failure.code);
  return { code: failure.code, reason, message: failure.message };
}

/** `EDGE_ADMISSION_QUEUE_FULL` → `admission-queue-full`. */
function wordOf(code: string): string {
  return code
    .replace(/^[A-Z]+_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
}

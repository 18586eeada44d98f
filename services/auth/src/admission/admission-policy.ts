import type { AdmissionRefusal, admitDevice, ReplyOf } from '@gatehouse/contracts';

/** What a credential check found out about a CONNECT. */
export type CredentialVerdict =
  | {
      readonly outcome: 'verified';
      readonly productKey: string;
      readonly deviceName: string;
      readonly isDisabled: boolean;
    }
  | { readonly outcome: 'rejected'; readonly reason: Exclude<AdmissionRefusal, 'device-disabled'> };

/**
 * Admitted or refused. That a device is disabled is said only to who proved to be that device: a stranger
 * would learn from it that the name exists.
 */
export function admissionOf(verdict: CredentialVerdict): ReplyOf<typeof admitDevice> {
  if (verdict.outcome === 'rejected') return { outcome: 'refused', reason: verdict.reason, steps: [] };
  if (verdict.isDisabled) return { outcome: 'refused', reason: 'device-disabled', steps: [] };
  const { productKey, deviceName } = verdict;
  return { outcome: 'admitted', productKey, deviceName, expiresAt: null, permissions: [], steps: [] };
}

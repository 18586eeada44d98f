import type { GatewayInput, GatewayPatch } from '@gatehouse/contracts';
import type { FieldError } from '@gatehouse/failure';
import { FeatureNotOffered } from './gateway.failures.ts';

type Features = Pick<GatewayPatch, 'authentication' | 'x509' | 'ocsp'> & {
  readonly topicSpace?: GatewayInput['topicSpace'] | undefined;
  readonly certificates?:
    | {
        readonly deviceRootCertificate?: string | undefined;
        readonly trustedCertificate?: string | undefined;
      }
    | undefined;
};

/** What of a gateway's description this version offers. @throws {FeatureNotOffered} naming every other field */
export function checkFeaturesAreOffered(asked: Features): void {
  const refused: FieldError[] = [];
  const refuse = (path: string, message: string): void => void refused.push({ path, message });
  if (asked.topicSpace === 'shared') refuse('topicSpace', 'can only be isolated');
  if (asked.authentication?.type === 'third-party') refuse('authentication.type', 'can only be one-way');
  if (asked.x509?.enabled === true) refuse('x509.enabled', 'can only be false');
  if (asked.ocsp !== undefined && asked.ocsp !== 'disabled') refuse('ocsp', 'can only be disabled');
  if (asked.certificates?.deviceRootCertificate !== undefined) {
    refuse('certificates.deviceRootCertificate', 'can only be left out, because x509 is not offered');
  }
  if (asked.certificates?.trustedCertificate !== undefined) {
    refuse('certificates.trustedCertificate', 'can only be left out, because ocsp is not offered');
  }
  if (refused.length > 0) throw new FeatureNotOffered(refused);
}

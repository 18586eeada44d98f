import { CRLReasons } from '@peculiar/asn1-x509';

/** CRLReason of RFC 5280 §5.3.1, verbatim. */
export type RevocationReasonName = keyof typeof CRLReasons;

export function revocationReasonName(reason: number): RevocationReasonName {
  return (CRLReasons[reason] as RevocationReasonName | undefined) ?? 'unspecified';
}

export function revocationReasonNumber(name: RevocationReasonName): CRLReasons {
  return CRLReasons[name];
}

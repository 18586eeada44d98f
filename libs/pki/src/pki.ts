export {
  createCertificateAuthority,
  type CertificateAuthority,
  type ClientCertificateRequest,
  type IssuedCertificate,
  type ServerCertificateRequest,
} from './certificate-authority.ts';
export { buildCertificateRequest, type CertificateRequestToBuild } from './build-certificate-request.ts';
export { certificateExtensions, type CertificateExtensions } from './certificate-extensions.ts';
export { certificateIdentity, type CertificateIdentity } from './certificate-identity.ts';
export { readCertificateProfile, type CertificateProfile } from './certificate-profile.ts';
export { readCertificateRequest, type CertificateRequest } from './certificate-request.ts';
export { certificateSignature } from './certificate-signature.ts';
export { commonNameOnly, nameOf } from './distinguished-name.ts';
export {
  extensionOf,
  extensionsToIssue,
  type ExtendedUsageName,
  type ExtensionsToIssue,
  type KeyUsageName,
  type NamesToIssue,
} from './extensions-to-issue.ts';
export {
  issueCertificate,
  newSerialNumber,
  publicKeyInfo,
  subjectOf,
  type CertificateContent,
} from './issue-certificate.ts';
export {
  isIssuedBy,
  ocspCertificateId,
  type CertificateIdHash,
  type OcspCertificateId,
} from './ocsp-certificate-id.ts';
export {
  buildOcspRequest,
  newOcspNonce,
  OCSP_REQUEST_MAX_BYTES,
  readOcspRequest,
  type OcspQuestion,
  type ReceivedOcspRequest,
} from './ocsp-request.ts';
export {
  OCSP_RESPONSE_MAX_BYTES,
  readOcspResponse,
  type OcspBasicResponse,
  type OcspCertificateStatus,
  type OcspResponseData,
  type OcspResponseStatusName,
} from './ocsp-response.ts';
export {
  ocspRefusal,
  signOcspResponse,
  type OcspResponder,
  type OcspResponseContent,
  type OcspStatement,
} from './ocsp-signing.ts';
export {
  verifyOcspResponse,
  type OcspDefect,
  type OcspExpectation,
  type OcspVerdict,
} from './ocsp-verification.ts';
export {
  CertificateMalformed,
  CertificateRequestMalformed,
  OcspRequestMalformed,
  OcspResponseMalformed,
  RevocationListMalformed,
  SigningKeyUnsupported,
} from './pki.failures.ts';
export {
  readRevocationList,
  REVOCATION_LIST_MAX_BYTES,
  type RevocationList,
  type RevocationListScope,
  type RevokedEntry,
} from './revocation-list.ts';
export {
  signRevocationList,
  type RevocationListContent,
  type RevocationListSigner,
  type RevocationToList,
} from './revocation-list-signing.ts';
export {
  verifyRevocationList,
  type RevocationListDefect,
  type RevocationListExpectation,
  type RevocationListVerdict,
} from './revocation-list-verification.ts';
export type { RevocationReasonName } from './revocation-reason.ts';
export {
  checkSignature,
  isWeakKey,
  type SignatureHash,
  type SignatureVerdict,
  type Signer,
} from './signature.ts';
export {
  TestAuthority,
  type TestCertificate,
  type TestCertificateRequest,
  type TestKeyType,
} from './test-authority.ts';
export { nameViolation, type NameViolation } from './name-constraints.ts';

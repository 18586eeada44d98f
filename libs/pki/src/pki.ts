export {
  createCertificateAuthority,
  type CertificateAuthority,
  type ClientCertificateRequest,
  type IssuedCertificate,
  type ServerCertificateRequest,
} from './certificate-authority.ts';
